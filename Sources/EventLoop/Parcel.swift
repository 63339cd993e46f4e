internal import Synchronization

/// Something that cannot be copied, on its way from one thread to another.
public final class Parcel<Content: ~Copyable & Sendable>: Sendable {
    private let content: Mutex<Content?>

    /// Wraps it up.
    public init(_ content: consuming Content) { self.content = Mutex(content) }

    /// Takes it out, once. What nobody takes goes with the parcel, on whichever thread that is.
    public func take() -> Content {
        content.withLock { content in content.take()! }
    }
}
