/// A condition on the identifier of a frame, as Linux evaluates it (CAN_RAW_FILTER):
/// `received & mask == identifier & mask`.
public struct Filter: Sendable {
    /// The bits to compare with, 29 of them.
    public let identifier: UInt32
    /// Which bits are compared, 29 of them.
    public let mask: UInt32
    /// Only extended frames (true), only standard ones (false; then the lower 11 bits of the mask count), or both.
    public let extended: Bool?
    /// Only remote frames (true), only others (false), or both.
    public let remote: Bool?
    /// Whether it passes the frames that the condition does not describe.
    public let isInverted: Bool
    /// Whether the identifier is written with 8 digits where ``extended`` leaves that open.
    private let isWide: Bool

    /// Makes a filter. Bits beyond the identifiers of its kind are cleared.
    public init(
        identifier: UInt32, mask: UInt32 = Identifier.greatestExtended, extended: Bool? = nil, remote: Bool? = nil,
        isInverted: Bool = false
    ) {
        let bits = extended == false ? Identifier.greatestStandard : Identifier.greatestExtended
        self.mask = mask & bits
        self.identifier = identifier & bits
        self.extended = extended
        self.remote = remote
        self.isInverted = isInverted
        isWide = extended ?? (max(self.mask, self.identifier) > Identifier.greatestStandard)
    }

    /// Passes nothing.
    public static let nothing = Filter(identifier: 0, mask: 0, isInverted: true)

    /// Whether a frame passes. The kernel's rule for remote frames and for CAN FD, which has none, is the same.
    public func passes(_ frame: Frame) -> Bool {
        passes(frame.identifier, isRemote: frame.isRemote)
    }

    /// Whether a frame of this identifier passes.
    public func passes(_ received: Identifier, isRemote: Bool) -> Bool {
        let matches =
            received.value & mask == identifier & mask
            && (extended == nil || extended == received.isExtended)
            && (remote == nil || remote == isRemote)
        return matches != isInverted
    }
}

extension Filter: Hashable {
    /// Equal when they do the same: bits of the identifier that are not compared do not count.
    public static func == (left: Filter, right: Filter) -> Bool {
        left.rawIdentifier & left.rawMask == right.rawIdentifier & right.rawMask && left.rawMask == right.rawMask
            && left.isInverted == right.isInverted
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(rawIdentifier & rawMask)
        hasher.combine(rawMask)
        hasher.combine(isInverted)
    }
}

extension Filter {
    /// The identifier with the flags that the kernel compares: bit 31 extended, bit 30 remote.
    public var rawIdentifier: UInt32 {
        identifier | (extended == true ? CANIDFlag.extended : 0) | (remote == true ? CANIDFlag.remote : 0)
    }

    /// The mask with the flags that the kernel compares.
    public var rawMask: UInt32 {
        mask | (extended != nil ? CANIDFlag.extended : 0) | (remote != nil ? CANIDFlag.remote : 0)
    }

    /// Makes a filter of the kernel's numbers, inversion apart.
    public init(rawIdentifier: UInt32, rawMask: UInt32, isInverted: Bool) {
        self.init(
            identifier: rawIdentifier & Identifier.greatestExtended,
            mask: rawMask & Identifier.greatestExtended,
            extended: rawMask & CANIDFlag.extended == 0 ? nil : rawIdentifier & CANIDFlag.extended != 0,
            remote: rawMask & CANIDFlag.remote == 0 ? nil : rawIdentifier & CANIDFlag.remote != 0,
            isInverted: isInverted)
    }

    /// Reads a filter in candump's notation: `identifier:mask`, or `identifier~mask` for the inverse.
    ///
    /// Both are hex numbers. An identifier of 8 digits means an extended frame where the mask compares that
    /// (bit 31 of the mask); bit 30 is the remote flag likewise. For remote frames of the standard format, whose flag
    /// needs the eighth digit, a ninth in front, 0, says that the eight do not mean an extended frame.
    ///
    /// Examples: `123:7FF` (123, standard or extended with these lower bits), `123:C00007FF` (standard data frames
    /// 123 only), `18DAF110:9FFFFFFF` (extended only),
    /// `040000123:C00007FF` (standard remote frames 123 only), `123~7FF` (all others).
    ///
    /// - Throws: ``InvalidFilter``.
    public init(candump text: some StringProtocol) throws(InvalidFilter) {
        guard let separator = text.firstIndex(where: { $0 == ":" || $0 == "~" }) else {
            throw InvalidFilter("'\(text)' is no filter; write identifier:mask (123:7FF) or identifier~mask")
        }
        let digits = text[..<separator]
        let isPadded = digits.utf8.count == 9 && digits.first == "0"
        guard let identifier = Hex.number(isPadded ? digits.dropFirst() : digits),
            let mask = Hex.number(text[text.index(after: separator)...])
        else {
            throw InvalidFilter("'\(text)' needs 1 to 8 hex digits on both sides of '\(text[separator])'")
        }
        // In the mask the flag is common (DFFFFFFF and FFFFFFFF are written for "all bits") and means nothing.
        guard identifier & CANIDFlag.error == 0 else {
            throw InvalidFilter("'\(text)' has the error flag (20000000); error frames are chosen by #mask")
        }
        self.init(
            rawIdentifier: identifier | (digits.utf8.count == 8 ? CANIDFlag.extended : 0), rawMask: mask,
            isInverted: text[separator] == "~")
    }

    /// The filter in candump's notation.
    public var candump: String {
        var text: [UInt8] = extended == false && remote == true ? [UInt8(ascii: "0")] : []
        Hex.append(rawIdentifier, digits: isWide || remote == true ? 8 : 3, to: &text)
        text.append(UInt8(ascii: isInverted ? "~" : ":"))
        Hex.append(rawMask, digits: rawMask > Identifier.greatestStandard ? 8 : 3, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
