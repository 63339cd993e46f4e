extension Identifier {
    /// Makes an identifier of a number that the format must hold.
    /// - Throws: ``InvalidFrame`` with the field `id` and the greatest value.
    public init(checking value: UInt32, extended: Bool) throws(InvalidFrame) {
        if value & ~Identifier.greatestExtended == CANIDFlag.error {
            throw InvalidFrame("id", "has the error flag (20000000); error frames cannot be sent")
        }
        guard let identifier = Identifier(value, extended: extended) else {
            let digits = String(value, radix: 16, uppercase: true)
            throw InvalidFrame(
                "id",
                extended
                    ? "\(digits) is above 1FFFFFFF, the greatest extended identifier"
                    : "\(digits) is above 7FF, the greatest standard identifier (extended: true for 29 bits)")
        }
        self = identifier
    }
}
