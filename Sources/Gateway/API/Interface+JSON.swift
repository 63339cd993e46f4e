internal import CAN
internal import JSON
internal import SocketCAN

extension JSONValue {
    /// The resource of an interface.
    init(_ interface: Interface, _ interfaces: Interfaces) {
        let controller = interface.controller
        self = [
            "name": .string(interface.name), "index": .integer(interface.index),
            "kind": .string(interface.kind.rawValue), "up": .boolean(interface.isUp),
            "running": .boolean(interface.isRunning), "mtu": .integer(interface.mtu),
            "fd": .boolean(interface.takesFD), "xl": .boolean(interface.takesXL),
            "txqueuelen": .integer(interface.transmitQueueLength), "state": JSONValue(controller?.state?.name),
            "bitrate": JSONValue(controller?.bitTiming?.bitrate),
            "sample_point": JSONValue(controller?.bitTiming?.samplePointFraction),
            "data_bitrate": JSONValue(controller?.dataBitTiming?.bitrate),
            "data_sample_point": JSONValue(controller?.dataBitTiming?.samplePointFraction),
            "bit_timing": JSONValue(controller?.bitTiming), "data_bit_timing": JSONValue(controller?.dataBitTiming),
            "bit_timing_limits": JSONValue(controller?.bitTimingLimits),
            "data_bit_timing_limits": JSONValue(controller?.dataBitTimingLimits),
            "clock_hz": JSONValue(controller?.clock),
            "restart_ms": JSONValue(controller?.restartDelay),
            "modes": controller.map { JSONValue($0.modes) } ?? nil,
            "supported_modes": controller?.supportedModes.map { JSONValue($0.names) } ?? nil,
            "error_counters": controller?.errorCounters.map {
                ["tx": .integer($0.transmit), "rx": .integer($0.receive)]
            } ?? nil,
            "termination_ohm": JSONValue(controller?.termination),
            "termination_allowed": controller?.terminationValues.map { .array($0.map { .integer($0) }) } ?? nil,
            "driver": JSONValue(interface.driver), "parent": JSONValue(interface.parent),
            "statistics": JSONValue(interface.statistics, controller?.statistics),
            "bus_load": JSONValue(interfaces.capture(of: interface)?.busLoad?.percent),
            "capture": JSONValue(
                interfaces.capture(of: interface), filters: interfaces.filters(of: interface.name)),
        ]
    }

    private init(_ capture: Capture?, filters: FilterSet) {
        self = [
            "active": .boolean(capture != nil), "filters": JSONValue(capture: filters),
            "received": .integer(capture?.received ?? 0), "kernel_dropped": .integer(capture?.kernelDropped ?? 0),
            "receive_buffer_bytes": JSONValue(capture?.receiveBuffer),
        ]
    }

    private init(_ timing: BitTiming?) {
        self =
            timing.map { timing in
                [
                    "tq": .integer(timing.timeQuantum), "prop_seg": .integer(timing.propagationSegment),
                    "phase_seg1": .integer(timing.phaseSegment1), "phase_seg2": .integer(timing.phaseSegment2),
                    "sjw": .integer(timing.jumpWidth), "brp": .integer(timing.prescaler),
                ]
            } ?? nil
    }

    private init(_ limits: BitTimingLimits?) {
        self =
            limits.map { limits in
                [
                    "tseg1_min": .integer(limits.segment1.lowerBound),
                    "tseg1_max": .integer(limits.segment1.upperBound),
                    "tseg2_min": .integer(limits.segment2.lowerBound),
                    "tseg2_max": .integer(limits.segment2.upperBound),
                    "sjw_max": .integer(limits.greatestJumpWidth), "brp_min": .integer(limits.prescaler.lowerBound),
                    "brp_max": .integer(limits.prescaler.upperBound), "brp_inc": .integer(limits.prescalerStep),
                ]
            } ?? nil
    }

    private init(_ modes: ControlModes) {
        self = .object(ControlModes.named.map { Member($0.name, .boolean(modes.contains($0.bit))) })
    }

    private init(_ counts: Interface.Statistics, _ controller: Controller.Statistics?) {
        self = [
            "rx_frames": .integer(counts.receivedFrames), "rx_bytes": .integer(counts.receivedBytes),
            "rx_errors": .integer(counts.receiveErrors), "rx_dropped": .integer(counts.receiveDropped),
            "tx_frames": .integer(counts.sentFrames), "tx_bytes": .integer(counts.sentBytes),
            "tx_errors": .integer(counts.transmitErrors), "tx_dropped": .integer(counts.transmitDropped),
            "bus_errors": JSONValue(controller?.busErrors), "error_warning": JSONValue(controller?.errorWarning),
            "error_passive": JSONValue(controller?.errorPassive), "bus_off": JSONValue(controller?.busOff),
            "arbitration_lost": JSONValue(controller?.arbitrationLost), "restarts": JSONValue(controller?.restarts),
        ]
    }
}

extension BitTiming {
    fileprivate var samplePointFraction: Double { Double(samplePoint) / 1000 }
}
