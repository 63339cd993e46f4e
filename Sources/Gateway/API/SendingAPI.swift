internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

/// `POST /v1/interfaces/{name}/frames`.
struct SendingAPI {
    let transmitters: Transmitters

    /// The most frames of one request.
    static let capacity = 4096

    /// The parameters of the query.
    static let parameters = ["timeout_ms", "confirm", "confirm_ms", "dry_run"]

    func send(_ call: Call, on interface: Interface, _ reply: @escaping API.Reply) throws(Problem) {
        let timeout = try call.query.time("timeout_ms", in: Self.timeouts) ?? Self.defaultTimeout
        let confirmation = try Self.confirmation(
            call.query.boolean("confirm"), call.query.time("confirm_ms", in: Self.confirmTimeouts))
        let isDryRun = try call.query.boolean("dry_run") ?? false
        let frames = try self.frames(call)
        try check(frames, on: interface)
        if isDryRun { return reply(.success(.json(["sent": 0, "valid": .integer(frames.count)]))) }
        let order = Order(
            frames: frames, interface: interface, timeout: timeout * 1000, confirmation: confirmation)
        carryOut(order) { result in reply(result.map { .json(.object($0)) }) }
    }

    /// Frames to send.
    struct Order {
        let frames: [Frame]
        let interface: Interface
        /// How long to wait for room in the transmit queue, in nanoseconds.
        let timeout: Int64
        /// How long to wait for their echo, in nanoseconds; nil not to.
        let confirmation: Int64?
    }

    /// Sends; what is answered are the members of a JSON object.
    func carryOut(_ order: Order, completion: @escaping (Result<[JSONValue.Member], Problem>) -> Void) {
        guard let confirmation = order.confirmation else {
            return transmitters.send(order.frames, on: order.interface, timeout: order.timeout) { result in
                completion(result.map { [JSONValue.Member("sent", .integer($0))] })
            }
        }
        transmitters.sendConfirmed(
            order.frames, on: order.interface, timeout: order.timeout, confirmTimeout: confirmation
        ) { result in
            completion(
                result.map { timestamps in
                    let frames = timestamps.map { ["timestamp": .real(seconds(ofNanoseconds: $0))] as JSONValue }
                    return [
                        JSONValue.Member("sent", .integer(timestamps.count)), .init("frames", .array(frames)),
                    ]
                })
        }
    }

    /// Checks that an interface takes frames.
    /// - Throws: ``Problem``: `invalid-frame`.
    func check(_ frames: [Frame], on interface: Interface) throws(Problem) {
        guard !frames.isEmpty else {
            throw Problem(.invalidFrame, "there is no frame to send; one is the least", field: "frames")
        }
        guard frames.count <= Self.capacity else {
            throw Problem(
                .invalidFrame, "\(frames.count) frames are too many for one request; \(Self.capacity) go",
                field: "frames")
        }
        guard let index = frames.firstIndex(where: \.isFD) else { return }
        do throws(Problem) {
            try interface.checkFD(else: .invalidFrame)
        } catch {
            throw error.at(index: index)
        }
    }

    /// The `timeout_ms` of a command, in nanoseconds.
    static func timeout(_ reader: ObjectReader) throws(Problem) -> Int64 {
        (try reader.time("timeout_ms", in: timeouts, else: .malformedRequest) ?? defaultTimeout) * 1000
    }

    /// The `confirm` and `confirm_ms` of a command, in nanoseconds; nil where no echo is wanted.
    static func confirmation(_ reader: ObjectReader) throws(Problem) -> Int64? {
        try confirmation(
            reader.boolean("confirm"), reader.time("confirm_ms", in: confirmTimeouts, else: .malformedRequest))
    }

    private static func confirmation(_ isWanted: Bool?, _ microseconds: Int64?) throws(Problem) -> Int64? {
        guard isWanted ?? false else {
            guard microseconds == nil else {
                throw Problem(.malformedRequest, "confirm_ms needs confirm=true", field: "confirm_ms")
            }
            return nil
        }
        return (microseconds ?? defaultConfirmTimeout) * 1000
    }

    // In microseconds.
    private static let timeouts: ClosedRange<Int64> = 0...60_000_000
    private static let defaultTimeout: Int64 = 100_000
    private static let confirmTimeouts: ClosedRange<Int64> = 1000...60_000_000
    private static let defaultConfirmTimeout: Int64 = 1_000_000

    /// Reads a list of frames.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-frame` with the index.
    static func frames(_ elements: [JSONValue]) throws(Problem) -> [Frame] {
        var frames: [Frame] = []
        frames.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            do throws(Problem) {
                frames.append(try Frame(element))
            } catch {
                throw error.at(index: index)
            }
        }
        return frames
    }

    private func frames(_ call: Call) throws(Problem) -> [Frame] {
        switch call.request.contentType {
        case MediaType.json: return try jsonFrames(call)
        case MediaType.text: return try textFrames(call)
        // What curl -d sends unless told otherwise, and what comes without a word: taken for what it is.
        case MediaType.form, nil:
            return call.isBodyJSON ? try jsonFrames(call) : try textFrames(call)
        case let type?:
            throw Problem(
                .unsupportedMediaType, "the body is '\(type)'; frames come as application/json or text/plain",
                field: "Content-Type", allowed: [MediaType.json, MediaType.text, MediaType.form])
        }
    }

    private func jsonFrames(_ call: Call) throws(Problem) -> [Frame] {
        let json = try call.parsedBody()
        guard case .array(let elements) = json else { return [try Frame(json)] }
        return try Self.frames(elements)
    }

    private func textFrames(_ call: Call) throws(Problem) -> [Frame] {
        guard let text = String(validating: call.request.body, as: UTF8.self) else {
            throw Problem(.malformedRequest, "the body is no UTF-8")
        }
        var frames: [Frame] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let word = words.first else { continue }
            do throws(InvalidFrame) {
                guard words.count == 1 else {
                    throw InvalidFrame("", "'\(line)' has a blank in it; a line holds one frame, as 123#DEADBEEF")
                }
                frames.append(try Frame(cansend: word))
            } catch {
                throw Problem(error).at(index: frames.count)
            }
        }
        return frames
    }
}
