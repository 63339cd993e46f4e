internal import CAN
internal import CLinuxCAN

/// Frames as the kernel lays them out (linux/can.h): `can_frame`, 16 bytes, and `canfd_frame`, 72.
enum Wire {
    static let classicSize: UInt8 = 16
    static let fdSize: UInt8 = 72
    static let bitRateSwitch: UInt8 = 0x01
    static let errorStateIndicator: UInt8 = 0x02
    static let fdFormat: UInt8 = 0x04
}

extension canfd_frame {
    /// A frame in the kernel's layout. What lies behind the data is zero.
    init(_ frame: Frame) {
        self.init()
        can_id = frame.canID
        switch frame.content {
        case .data(let payload, let rawDLC):
            setData(payload)
            __res1 = rawDLC ?? 0
        case .remote(let length, let rawDLC):
            len = length
            __res1 = rawDLC ?? 0
        case .fd(let payload, let bitRateSwitch, let errorStateIndicator):
            setData(payload)
            flags =
                Wire.fdFormat | (bitRateSwitch ? Wire.bitRateSwitch : 0)
                | (errorStateIndicator ? Wire.errorStateIndicator : 0)
        }
    }

    /// An error frame in the kernel's layout.
    init(_ error: ErrorFrame) {
        self.init()
        can_id = error.canID
        setData(error.data)
    }

    private mutating func setData(_ payload: Payload) {
        len = UInt8(payload.count)
        unsafe withUnsafeMutableBytes(of: &data) { bytes in
            for index in 0..<payload.count { unsafe bytes[index] = payload[index] }
        }
    }

    private func payload(atMost limit: Int) -> Payload {
        var payload = Payload(zeros: min(Int(len), limit))
        unsafe withUnsafeBytes(of: data) { bytes in
            for index in 0..<payload.count { payload[index] = unsafe bytes[index] }
        }
        return payload
    }

    /// The bytes that the kernel reads or writes for a frame: 16, or 72 for CAN FD.
    static func size(of frame: Frame) -> UInt8 { frame.isFD ? Wire.fdSize : Wire.classicSize }

    /// What the kernel delivered in so many bytes.
    func message(size: UInt8) -> Message {
        if can_id & CANIDFlag.error != 0 {
            return .error(ErrorFrame(classes: ErrorClasses(rawValue: can_id), data: payload(atMost: 8)))
        }
        return .frame(frame(size: size))
    }

    /// The frame that the kernel delivered in so many bytes.
    func frame(size: UInt8) -> Frame {
        let identifier = Identifier(canID: can_id)
        if size == Wire.fdSize {
            return Frame(
                identifier: identifier,
                content: .fd(
                    payload(atMost: 64), bitRateSwitch: flags & Wire.bitRateSwitch != 0,
                    errorStateIndicator: flags & Wire.errorStateIndicator != 0))
        }
        let rawDLC = len == 8 && (9...15).contains(__res1) ? __res1 : nil
        if can_id & CANIDFlag.remote != 0 {
            return Frame(identifier: identifier, content: .remote(length: min(len, 8), rawDLC: rawDLC))
        }
        return Frame(identifier: identifier, content: .data(payload(atMost: 8), rawDLC: rawDLC))
    }
}
