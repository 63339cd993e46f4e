internal import Glibc

/// The number of an interface, nil when there is none of the name.
func interfaceIndex(_ name: String) -> Int? {
    let index = unsafe Int(if_nametoindex(name))
    return index == 0 ? nil : index
}

/// All network interfaces, by their numbers (if_nameindex(3)).
func interfaceNames() -> [Int: String] {
    var names: [Int: String] = [:]
    guard let list = unsafe if_nameindex() else { return names }
    defer { unsafe if_freenameindex(list) }
    var entry = unsafe list
    while let name = unsafe entry.pointee.if_name {
        unsafe names[Int(entry.pointee.if_index)] = String(cString: name)
        unsafe entry += 1
    }
    return names
}
