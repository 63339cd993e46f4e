internal import CAN
internal import EventLoop
internal import Linux
internal import SocketCAN

/// Frames that are sent by a socket of their own, which hears the echo of each: a controller gives it once the frame
/// was on the bus.
final class ConfirmedTransmission {
    /// How it ended.
    struct Outcome {
        /// How many frames the kernel took.
        var sent: Int
        /// When each frame was on the bus, in nanoseconds since the epoch; nil for one that did not come back.
        var timestamps: [Int64?]
        /// What went wrong, nil when all came back.
        var failure: Failure?
    }

    /// Why frames did not come back.
    enum Failure {
        /// The kernel did not take all of them.
        case transmission(Transmitter.Failure)
        /// The kernel took them, but they did not come back in time.
        case unconfirmed
    }

    private let frames: [Frame]
    private let loop: EventLoop
    private let batch: ReceiveBatch
    private let completion: (Outcome) -> Void
    private var transmitter: Transmitter?
    private var timestamps: [Int64?]
    private var firstOpen = 0
    private var sent: Int?
    private var deadline: Timer?

    /// Has the socket opened.
    init(
        _ frames: [Frame], interfaceIndex: Int, receiveBuffer: Int, batch: ReceiveBatch, loop: EventLoop,
        completion: @escaping (Outcome) -> Void
    ) {
        self.frames = frames
        self.loop = loop
        self.batch = batch
        self.completion = completion
        timestamps = [Int64?](repeating: nil, count: frames.count)
        transmitter = Transmitter(loop: loop) { () throws(SystemError) in
            let socket = try RawSocket(interfaceIndex: interfaceIndex, filters: Self.filters(of: frames))
            try socket.setReceiveBuffer(bytes: receiveBuffer)
            try socket.enableTimestamps()
            try socket.setReceivesOwn(true)
            return socket
        } received: { [unowned self] in
            readable()
        }
    }

    /// Those of others' frames that have the same identifiers pass too: the fewer the better.
    private static func filters(of frames: [Frame]) -> FilterSet {
        let filters = Set(
            frames.map { frame in
                Filter(
                    identifier: frame.identifier.value, extended: frame.identifier.isExtended, remote: frame.isRemote)
            })
        if filters.count > FilterSet.capacity { return FilterSet(filters: FilterSet.everything.filters, errors: []) }
        return FilterSet(filters: Array(filters), errors: [])
    }

    /// Begins to send.
    /// - Parameters:
    ///   - deadline: Until when to wait for room in the transmit queue, a monotonic time in nanoseconds.
    ///   - confirmTimeout: How long the frames may take to come back after the last was taken, in nanoseconds.
    func start(deadline: Int64, confirmTimeout: Int64) {
        transmitter?.send(frames, deadline: deadline) { [self] outcome in
            sent = outcome.sent
            if let failure = outcome.failure { return finish(.transmission(failure)) }
            if firstOpen == frames.count { return finish(nil) }
            // The turn in which the last frame was taken may have begun long before.
            self.deadline = loop.at(Clock.monotonic + confirmTimeout) { [self] in
                // What is there already has come in time.
                readable()
                finish(.unconfirmed)
            }
        }
    }

    /// The interface is gone or down, or the service stops. What came back before still counts.
    func stop(_ failure: Transmitter.Failure) {
        _ = receive()
        guard let transmitter else { return }
        transmitter.stop(failure)
        finish(.transmission(failure))
    }

    private func readable() {
        if let error = receive() { stop(.refused(error)) }
    }

    /// Takes in all that came back; returns an error of the socket, which the kernel tells once, before what came.
    private func receive() -> SystemError? {
        var failure: SystemError?
        while let transmitter {
            do throws(SystemError) {
                let count = try transmitter.receive(into: batch)
                for index in 0..<count { take(batch[index]) }
                if firstOpen == frames.count, sent != nil { finish(nil) }
                if count < ReceiveBatch.capacity { return failure }
            } catch {
                if failure != nil { return failure }
                failure = error
            }
        }
        return nil
    }

    private func take(_ reception: Reception) {
        guard reception.isOwn, case .frame(let frame) = reception.message,
            let index = (firstOpen..<frames.count).first(where: { timestamps[$0] == nil && frames[$0] == frame })
        else { return }
        timestamps[index] = reception.time
        while firstOpen < frames.count, timestamps[firstOpen] != nil { firstOpen += 1 }
    }

    private func finish(_ failure: Failure?) {
        guard let transmitter else { return }
        self.transmitter = nil
        deadline?.cancel()
        transmitter.stop(.stopping)
        completion(Outcome(sent: sent ?? 0, timestamps: timestamps, failure: failure))
    }
}
