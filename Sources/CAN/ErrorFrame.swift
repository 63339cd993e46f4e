/// A message of a CAN controller about the bus, which Linux delivers as a frame with the error flag
/// (linux/can/error.h).
public struct ErrorFrame: Hashable, Sendable {
    /// What kinds of trouble it reports.
    public let classes: ErrorClasses
    /// The details, 8 bytes: 0 lost arbitration bit, 1 controller, 2 and 3 protocol, 4 transceiver, 6 and 7 counters.
    public let data: Payload

    /// Makes an error frame of its parts.
    public init(classes: ErrorClasses, data: Payload) {
        self.classes = classes
        self.data = data
    }

    /// The controller's transmit and receive error counters, 0...255 each, where the frame carries them.
    public var errorCounters: (transmit: UInt8, receive: UInt8)? {
        classes.contains(.counters) && data.count == 8 ? (data[6], data[7]) : nil
    }
}
