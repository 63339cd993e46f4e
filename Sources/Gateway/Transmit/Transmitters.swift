internal import CAN
internal import EventLoop
internal import HTTP
internal import Linux
internal import SocketCAN

/// The transmitters of the interfaces, each opened when it is first needed.
final class Transmitters {
    private let loop: EventLoop
    private var transmitters: [Int: Transmitter] = [:]

    init(loop: EventLoop) { self.loop = loop }

    /// Sends frames on an interface.
    /// - Parameter timeout: How long to wait for room in the transmit queue, in nanoseconds.
    func send(
        _ frames: [Frame], on interface: Interface, timeout: Int64, completion: @escaping (Result<Int, Problem>) -> Void
    ) {
        guard interface.isUp else { return completion(.failure(.down(interface.name, sent: 0))) }
        let transmitter: Transmitter
        do {
            transmitter = try self.transmitter(for: interface)
        } catch {
            return completion(.failure(Problem(error, on: interface.name, sent: 0)))
        }
        transmitter.send(frames, deadline: loop.now + timeout) { outcome in
            guard let failure = outcome.failure else { return completion(.success(outcome.sent)) }
            completion(.failure(Problem(failure, outcome.sent, of: frames.count, on: interface.name)))
        }
    }

    /// An interface is gone: what waits for it is answered.
    func remove(_ interface: Interface) {
        transmitters.removeValue(forKey: interface.index)?.stop(SystemError(.noSuchDevice, call: "sendmmsg"))
    }

    /// The service stops: what waits is answered.
    func stop() {
        for transmitter in transmitters.values { transmitter.stop(SystemError(.noBufferSpace, call: "sendmmsg")) }
        transmitters = [:]
    }

    private func transmitter(for interface: Interface) throws(SystemError) -> Transmitter {
        if let transmitter = transmitters[interface.index] { return transmitter }
        let transmitter = try Transmitter(interfaceIndex: interface.index, loop: loop)
        transmitters[interface.index] = transmitter
        return transmitter
    }
}

extension Problem {
    static func down(_ name: String, sent: Int? = nil) -> Problem {
        Problem(.interfaceDown, "the interface '\(name)' is down", errno: "ENETDOWN", sent: sent)
    }

    /// What stopped a transmission, for a client.
    init(_ failure: Transmitter.Failure, _ sent: Int, of count: Int, on interface: String) {
        switch failure {
        case .queueFull(let errno):
            self.init(
                .transmitQueueFull,
                "the transmit queue of '\(interface)' stayed full; \(sent) of \(count) frames went to the kernel, the rest "
                    + "will not be sent",
                errno: errno.name, sent: sent, headers: ["Retry-After": "1"])
        case .refused(let error): self.init(error, on: interface, sent: sent)
        }
    }

    /// What a refusal of the kernel means for a client.
    init(_ error: SystemError, on interface: String, sent: Int? = nil) {
        switch error.errno {
        case .networkDown: self = .down(interface, sent: sent)
        case .noSuchDevice, .noSuchAddress, .notConnected:
            self.init(.interfaceNotFound, "there is no interface '\(interface)' any more", sent: sent)
        case .accessDenied:
            self.init(.permissionDenied, "'\(interface)' is in listen-only mode and sends nothing", sent: sent)
        case .notPermitted:
            self.init(
                .permissionDenied, "the kernel does not permit this on '\(interface)'", sent: sent,
                needs: "CAP_NET_ADMIN")
        case .addressFamilyNotSupported, .protocolNotSupported, .operationNotSupported:
            self.init(.notSupported, "this kernel or driver lacks it: \(error)", sent: sent)
        case .noBufferSpace:
            self.init(
                .transmitQueueFull, "the transmit queue of '\(interface)' is full", sent: sent,
                headers: ["Retry-After": "1"])
        default: self.init(.internal, "\(error) on '\(interface)'", sent: sent)
        }
        errno = error.errno.name
    }
}
