internal import HTTP
internal import Linux

extension Problem {
    /// What a confirmed transmission came to, nil when all frames came back.
    init?(_ outcome: ConfirmedTransmission.Outcome, on interface: String) {
        guard let failure = outcome.failure else { return nil }
        let count = outcome.timestamps.count
        switch failure {
        case .transmission(let failure): self.init(failure, outcome.sent, of: count, on: interface)
        case .unconfirmed:
            self.init(
                .transmitUnconfirmed,
                "\(outcome.confirmed) of \(outcome.sent) frames came back from '\(interface)' in time; the rest may not "
                    + "have been on the bus",
                index: outcome.timestamps.firstIndex { $0 == nil }, sent: outcome.sent)
        }
        confirmed = outcome.confirmed
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
        case .notOpen:
            self.init(
                .transmitQueueFull,
                "the kernel was busy with another interface for too long to open a socket for '\(interface)'; nothing "
                    + "was sent",
                sent: sent, headers: ["Retry-After": "1"])
        case .refused(let error): self.init(error, on: interface, sent: sent)
        case .stopping:
            self.init(
                .shuttingDown,
                "the service was told to stop; \(sent) of \(count) frames went to the kernel, the rest will not be sent",
                sent: sent)
        }
    }
}

extension ConfirmedTransmission.Outcome {
    /// How many frames came back.
    fileprivate var confirmed: Int { timestamps.count { $0 != nil } }
}
