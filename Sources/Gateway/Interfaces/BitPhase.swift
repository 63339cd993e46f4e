internal import SocketCAN

/// A part of a CAN frame that has a bit timing of its own.
enum BitPhase {
    /// All of a classic frame, and the begin and end of a CAN FD frame.
    case arbitration
    /// The data of a CAN FD frame that switches its bit rate.
    case data

    private var prefix: String { self == .data ? "data_" : "" }

    /// The name of its bit rate.
    var bitrateField: String { prefix + "bitrate" }
    /// The name of its sample point.
    var samplePointField: String { prefix + "sample_point" }
    /// The name of its timing in segments.
    var timingField: String { prefix + "bit_timing" }

    /// The timing that a controller has for it.
    func timing(of controller: Controller) -> BitTiming? {
        self == .data ? controller.dataBitTiming : controller.bitTiming
    }

    /// What timings a controller can do for it.
    func limits(of controller: Controller) -> BitTimingLimits? {
        self == .data ? controller.dataBitTimingLimits : controller.bitTimingLimits
    }
}
