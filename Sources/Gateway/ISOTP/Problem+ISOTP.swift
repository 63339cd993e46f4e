internal import CAN
internal import HTTP
internal import Linux
internal import SocketCAN

extension Problem {
    /// What an error of an ISO-TP socket means for a client.
    init(isotp error: SystemError, _ link: ISOTPLink, on interface: String) {
        let peer = link.receive.map { "\($0)" } ?? "the receiver"
        switch error.errno {
        case .communicationError:
            self.init(
                .isotpTimeout,
                "\(peer) gave no flow control within a second, or a frame was not on the bus within two")
        case .timedOut:
            self.init(.isotpTimeout, "a PDU from \(peer) stopped in the middle: no frame came for a second")
        case .illegalSequence:
            self.init(.isotpError, "a frame in the middle of a PDU from \(peer) was missing")
        case .badMessage:
            self.init(
                .isotpError, "a frame from \(peer) was not filled up as agreed, or its flow control was too short")
        case .messageTooLong: self.init(.isotpError, "\(peer) has no room for so long a PDU")
        case .addressNotAvailable: self = .gone(interface)
        case .invalidArgument: self.init(.invalidISOTP, "the kernel refuses this: \(error)")
        default: self.init(error, on: interface)
        }
        errno = error.errno.name
    }

    /// Why a PDU was not sent, for a client.
    init(_ failure: ISOTPChannel.Failure, _ link: ISOTPLink, count: Int, on interface: String) {
        switch failure {
        case .late:
            self.init(
                .isotpTimeout,
                "the \(count) bytes were not through after \(link.timeout / 1_000_000) ms; the transfer is broken off")
        case .queueFull(let errno):
            self.init(
                .transmitQueueFull, "the transmit queue of '\(interface)' stayed full; nothing was sent",
                errno: errno.name, headers: ["Retry-After": "1"])
        case .refused(let error): self.init(isotp: error, link, on: interface)
        }
    }

    /// No socket could be opened within the time of a request.
    static func notOpen(_ link: ISOTPLink, on interface: String) -> Problem {
        Problem(
            .isotpTimeout,
            "the kernel was busy with another interface and opened no socket on '\(interface)' within "
                + "\(link.timeout / 1_000_000) ms; nothing was sent")
    }

    /// - Parameter longest: The most bytes that the kernel takes.
    static func pdu(of count: Int, longest: Int) -> Problem {
        Problem(
            .invalidISOTP, "data has \(count) bytes; a PDU has 1 to \(longest), the most that this kernel takes",
            field: "data")
    }
}
