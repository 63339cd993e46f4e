internal import SocketCAN

/// A virtual interface that a client wants made.
struct NewInterface: Hashable, Sendable {
    /// The interface, as it is made: switched off.
    let link: NewLink
    /// Whether it is switched on at once, both ends of it if it is a cable.
    let isUp: Bool
}
