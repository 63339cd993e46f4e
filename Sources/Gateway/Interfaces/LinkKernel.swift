internal import Linux
internal import SocketCAN

/// What changing interfaces needs of the kernel. Every call may block.
protocol LinkKernel: Sendable {
    /// All CAN interfaces as they are now.
    func interfaces() throws(SystemError) -> [Interface]
    /// The number of an interface of whatever kind, nil when there is none of the name.
    func index(of name: String) -> Int?
    /// Changes an interface.
    func apply(_ change: LinkChange, to interface: Interface) throws(LinkError)
    /// Makes a virtual interface.
    func make(_ link: NewLink) throws(LinkError)
    /// Removes a virtual interface.
    func remove(index: Int, named name: String) throws(LinkError)
}

/// The machine's own kernel.
struct MachineLinks: LinkKernel {
    func interfaces() throws(SystemError) -> [Interface] { try Links.list() }

    func index(of name: String) -> Int? { Links.index(of: name) }

    func apply(_ change: LinkChange, to interface: Interface) throws(LinkError) {
        try Links.apply(change, to: interface)
    }

    func make(_ link: NewLink) throws(LinkError) { try Links.make(link) }

    func remove(index: Int, named name: String) throws(LinkError) { try Links.remove(index: index, named: name) }
}
