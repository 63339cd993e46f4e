public import Linux

/// A message to rtnetlink that the kernel refused, or that came to nothing.
public struct LinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why.
    public let errno: Errno
    /// The message, `"RTM_NEWLINK"`.
    public let call: String
    /// What the kernel, or libnl, says of it in a sentence; it does not always.
    public let sentence: String?
    /// The name of the interface that it was about.
    public let interface: String

    /// Makes the error of a message.
    public init(_ errno: Errno, call: StaticString, sentence: String? = nil, interface: String) {
        self.errno = errno
        self.call = call.description
        self.sentence = sentence
        self.interface = interface
    }

    /// `RTM_NEWLINK: EINVAL (Invalid argument): bitrate 7 is too low`.
    public var description: String { "\(call): \(errno)" + (sentence.map { ": \($0)" } ?? "") }
}
