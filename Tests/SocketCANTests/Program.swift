internal import Glibc
import Linux

/// A program that did not succeed.
struct ProgramFailure: Error {
    /// What was run.
    let command: [String]
    /// The status as wait(2) has it.
    let status: Int32
    /// What it printed.
    let output: String
}

/// Programs that a test needs beside the library.
enum Program {
    /// Runs a program to its end, with an empty input, and returns what it printed.
    /// - Throws: ``ProgramFailure`` unless it exits with 0, ``SystemError`` when it cannot be started.
    @discardableResult
    static func run(_ command: String...) throws -> String { try run(command) }

    /// Runs a program to its end, with an empty input, and returns what it printed.
    @discardableResult
    static func run(_ command: [String]) throws -> String {
        let (reader, writer) = try pipe()
        let process = try spawn(command, output: writer)
        let output = try readToEnd(reader)
        var status: Int32 = 0
        try systemCall("waitpid") { unsafe waitpid(process, &status, 0) }
        guard status == 0 else { throw ProgramFailure(command: command, status: status, output: output) }
        return output
    }

    private static func pipe() throws(SystemError) -> (Int32, Int32) {
        var numbers: [Int32] = [0, 0]
        try systemCall("pipe") { unsafe Glibc.pipe(&numbers) }
        for number in numbers { try systemCall("fcntl") { fcntl(number, F_SETFD, FD_CLOEXEC) } }
        return (numbers[0], numbers[1])
    }

    /// Starts a program and closes this side of its output.
    private static func spawn(_ command: [String], output: Int32) throws(SystemError) -> pid_t {
        let output = Descriptor(owning: output)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.number, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.number, 2)
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
        var process = pid_t()
        let status = unsafe posix_spawn(&process, command[0], &actions, nil, &arguments, environ)
        guard status == 0 else { throw SystemError(Errno(rawValue: status), call: "posix_spawn") }
        return process
    }

    private static func readToEnd(_ number: Int32) throws(SystemError) -> String {
        let reader = Descriptor(owning: number)
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try systemCall("read") { unsafe read(reader.number, &part, part.count) }
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += part[..<count]
        }
    }
}
