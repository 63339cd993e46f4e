internal import HTTP
internal import Linux
internal import SocketCAN

extension LinkTransaction {
    /// Makes a virtual interface, and returns it. It may have another name by then: somebody, as udev does, may rename
    /// what is new.
    /// - Throws: ``Problem``; nothing is left of it then.
    mutating func make(_ wanted: NewInterface) throws(Problem) -> Interface {
        try checkFree(wanted)
        let before = Set(try list().map(\.index))
        do {
            try kernel.make(wanted.link)
        } catch {
            // Someone may have been faster with one of the names.
            if error.errno == .exists { try checkFree(wanted) }
            throw Problem(error, field: error.errno == .operationNotSupported ? "kind" : wanted.link.fieldAtFault)
        }
        var ends: [Interface] = []
        do throws(Problem) {
            ends = wanted.link.ends(of: try list().filter { !before.contains($0.index) })
            return try complete(wanted, ends)
        } catch {
            throw undo(wanted.link, ends.first, after: error)
        }
    }

    /// Removes a virtual interface.
    /// - Throws: ``Problem``: `invalid-interface-setting` for one of hardware.
    mutating func remove(_ known: Interface) throws(Problem) {
        let interface = try look(at: known)
        guard interface.kind.isMadeHere else {
            throw .invalidSetting(
                "'\(interface.name)' is of the kind \(interface.kind.rawValue); only virtual interfaces can be removed",
                field: "kind", allowed: Interface.Kind.allCases.filter(\.isMadeHere).map(\.rawValue))
        }
        do {
            try kernel.remove(index: interface.index, named: interface.name)
        } catch {
            throw Problem(error, field: nil)
        }
    }

    private func checkFree(_ wanted: NewInterface) throws(Problem) {
        for (field, name) in wanted.link.names where kernel.index(of: name) != nil {
            throw Problem(
                .interfaceExists, "there is a network interface '\(name)' already", errno: "EEXIST", field: field)
        }
    }

    /// Switches on what was made, both ends of it: an end of a cable goes up only when the other is there.
    private mutating func complete(_ wanted: NewInterface, _ ends: [Interface]) throws(Problem) -> Interface {
        guard let first = ends.first, ends.count == wanted.link.names.count else { throw .gone(wanted.link.name) }
        for end in ends where wanted.isUp {
            do {
                try kernel.apply(.up, to: end)
            } catch {
                throw Problem(error, field: "up")
            }
        }
        return try look(at: first)
    }

    private func undo(_ link: NewLink, _ end: Interface?, after problem: Problem) -> Problem {
        guard let index = end?.index ?? kernel.index(of: link.name) else { return problem }
        let name = end?.name ?? link.name
        var problem = problem
        do {
            try kernel.remove(index: index, named: name)
            problem.detail += "; what was made is removed again"
        } catch {
            if error.errno == .noSuchDevice { return problem }
            problem.detail += "; '\(name)' was made, and could not be removed again: \(error)"
        }
        return problem
    }
}

extension Interface.Kind {
    /// Whether interfaces of this kind are made and removed by programs.
    fileprivate var isMadeHere: Bool { self == .vcan || self == .vxcan }
}

extension NewLink {
    /// The names that it takes, by the fields that they come in.
    fileprivate var names: [(field: String, name: String)] {
        switch kind {
        case .vcan: [("name", name)]
        case .vxcan(let peer): [("name", name), ("peer", peer)]
        }
    }

    /// Which of the interfaces that are new it became, its own end first: those of its names, and where somebody was
    /// quick to rename them, those that are left of its kind, if nobody made more. The kernel makes the other end of a
    /// cable first.
    fileprivate func ends(of new: [Interface]) -> [Interface] {
        let found = names.map { _, name in new.first { $0.name == name } }
        let kind: Interface.Kind = kind == .vcan ? .vcan : .vxcan
        var renamed = new.filter { $0.kind == kind && !found.contains($0) }.sorted { $0.index < $1.index }
        if renamed.count != found.count(where: { $0 == nil }) { renamed = [] }
        return found.compactMap { $0 ?? renamed.popLast() }
    }

    /// What the kernel refuses, if it refuses something: the names were checked, older kernels have no CAN XL.
    fileprivate var fieldAtFault: String { mtu.map { $0 > 72 } == true ? "mtu" : "name" }
}
