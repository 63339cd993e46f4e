internal import CAN
internal import EventLoop
internal import HTTP
internal import Linux
internal import SocketCAN

/// The transmitters of the interfaces, each opened when it is first needed.
final class Transmitters {
    private let loop: EventLoop
    private let receiveBuffer: Int
    private let batch = ReceiveBatch()
    private var transmitters: [Int: Transmitter] = [:]
    private var confirmed: [Int: (interface: Int, transmission: ConfirmedTransmission)] = [:]
    private var lastConfirmed = 0
    /// Requests that wait for their echo, and those whose socket is still to be opened though they have ended.
    private var places = 0
    /// How many frames the kernel took, by the name of the interface.
    private(set) var sent: [String: Int] = [:]

    /// The most requests that wait for the echo of their frames.
    static let confirmationCapacity = 256

    /// - Parameter receiveBuffer: The receive buffer to ask for where echoes are waited for, in bytes.
    init(loop: EventLoop, receiveBuffer: Int) {
        self.loop = loop
        self.receiveBuffer = receiveBuffer
    }

    /// Sends frames on an interface.
    /// - Parameter timeout: How long to wait for room in the transmit queue, in nanoseconds.
    func send(
        _ frames: [Frame], on interface: Interface, timeout: Int64, completion: @escaping (Result<Int, Problem>) -> Void
    ) {
        guard interface.isUp else { return completion(.failure(.down(interface.name, sent: 0))) }
        transmitter(for: interface).send(frames, deadline: loop.now + timeout) { [self] outcome in
            sent[interface.name, default: 0] += outcome.sent
            guard let failure = outcome.failure else { return completion(.success(outcome.sent)) }
            completion(.failure(Problem(failure, outcome.sent, of: frames.count, on: interface.name)))
        }
    }

    /// Sends frames on an interface and waits until all have come back from it.
    /// - Parameters:
    ///   - timeout: How long to wait for room in the transmit queue, in nanoseconds.
    ///   - confirmTimeout: How long to wait for the frames after the kernel took the last, in nanoseconds.
    ///   - completion: Takes when each frame was on the bus, in nanoseconds since the epoch.
    func sendConfirmed(
        _ frames: [Frame], on interface: Interface, timeout: Int64, confirmTimeout: Int64,
        completion: @escaping (Result<[Int64], Problem>) -> Void
    ) {
        guard interface.isUp else { return completion(.failure(.down(interface.name, sent: 0))) }
        guard places < Self.confirmationCapacity else {
            let detail = "\(Self.confirmationCapacity) requests wait for their frames to come back already"
            return completion(.failure(Problem(.tooManyRequests, detail)))
        }
        places += 1
        lastConfirmed += 1
        let number = lastConfirmed
        let transmission = ConfirmedTransmission(
            frames, interfaceIndex: interface.index, receiveBuffer: receiveBuffer, batch: batch, loop: loop
        ) { [self] outcome in
            confirmed[number] = nil
            // When what was asked for before is done.
            loop.offloadBrief {
            } then: { [self] in
                places -= 1
            }
            sent[interface.name, default: 0] += outcome.sent
            guard let problem = Problem(outcome, on: interface.name) else {
                return completion(.success(outcome.timestamps.compactMap { $0 }))
            }
            completion(.failure(problem))
        }
        confirmed[number] = (interface.index, transmission)
        transmission.start(deadline: loop.now + timeout, confirmTimeout: confirmTimeout)
    }

    /// How many requests wait for the echo of their frames.
    var confirmations: Int { confirmed.count }

    /// An interface went down: no echo will come from it.
    func interfaceWentDown(_ interface: Interface) {
        stopConfirmed(on: interface, .refused(SystemError(.networkDown, call: "recvmmsg")))
    }

    /// An interface is gone: what waits for it is answered.
    func remove(_ interface: Interface) {
        transmitters.removeValue(forKey: interface.index)?.stop(.refused(SystemError(.noSuchDevice, call: "sendmmsg")))
        stopConfirmed(on: interface, .refused(SystemError(.noSuchDevice, call: "recvmmsg")))
    }

    private func stopConfirmed(on interface: Interface, _ failure: Transmitter.Failure) {
        for (index, transmission) in confirmed.values where index == interface.index { transmission.stop(failure) }
    }

    /// The service stops: what waits is answered.
    func stop() {
        for transmitter in transmitters.values { transmitter.stop(.stopping) }
        transmitters = [:]
        for (_, transmission) in confirmed.values { transmission.stop(.stopping) }
    }

    private func transmitter(for interface: Interface) -> Transmitter {
        let index = interface.index
        if let transmitter = transmitters[index] { return transmitter }
        let transmitter = Transmitter(loop: loop) { () throws(SystemError) in
            // It only sends.
            try RawSocket(interfaceIndex: index, filters: FilterSet(filters: [], errors: []))
        } opened: { [unowned self] error in
            // The next request tries anew.
            if error != nil { transmitters[index] = nil }
        }
        transmitters[index] = transmitter
        return transmitter
    }
}
