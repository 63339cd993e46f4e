/// What went wrong with a request (RFC 9457), to be thrown.
public struct Problem: Error, Hashable, Sendable {
    /// Which entry of the table of errors.
    public var code: ProblemCode
    /// What exactly: names the thing and the value, and says what would be valid.
    public var detail: String
    /// The symbolic errno, where the kernel refused.
    public var errno: String?
    /// Which frame of a list is at fault, from 0.
    public var index: Int?
    /// How many frames the kernel had taken before.
    public var sent: Int?
    /// How many of them came back from the interface, where that was waited for.
    public var confirmed: Int?
    /// Which field or parameter is at fault.
    public var field: String?
    /// What would be valid, where that is a short list.
    public var allowed: [String]?
    /// What would be valid, where that is a short list of numbers.
    public var allowedNumbers: [Int]?
    /// The capability that the service lacks.
    public var needs: String?
    /// Header fields to send along.
    public var headers = Headers()

    /// Makes a problem.
    public init(
        _ code: ProblemCode, _ detail: String, errno: String? = nil, index: Int? = nil, sent: Int? = nil,
        field: String? = nil, allowed: [String]? = nil, allowedNumbers: [Int]? = nil, needs: String? = nil,
        headers: Headers = Headers()
    ) {
        self.code = code
        self.detail = detail
        self.errno = errno
        self.index = index
        self.sent = sent
        self.field = field
        self.allowed = allowed
        self.allowedNumbers = allowedNumbers
        self.needs = needs
        self.headers = headers
    }
}
