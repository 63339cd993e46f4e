/// Numbers for the names of interfaces, from 0, so that an event names its interface by a number.
///
/// A name keeps its number for the run of the service, whatever device has it.
final class InterfaceNames {
    private(set) var names: [String] = []
    private var numbers: [String: Int] = [:]

    /// The number of a name, a new one for a new name.
    func number(of name: String) -> Int {
        if let number = numbers[name] { return number }
        names.append(name)
        numbers[name] = names.count - 1
        return names.count - 1
    }
}
