internal import Glibc

/// What the running kernel says of itself.
public enum Machine {
    /// The kernel's release, `"6.1.0-42-amd64"` (uname(2)).
    public static var kernelRelease: String {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return "unknown" }
        return unsafe withUnsafeBytes(of: &name.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Raises the limit of open descriptors to the hard one; returns the limit then in force.
    public static func raiseDescriptorLimit() throws(SystemError) -> Int {
        var limit = rlimit()
        try systemCall("getrlimit") { unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        limit.rlim_cur = limit.rlim_max
        try systemCall("setrlimit") { unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        return Int(clamping: limit.rlim_cur)
    }

    /// The text of a small file, as procfs has them; its first 1 MiB.
    public static func readFile(_ path: String) throws(SystemError) -> String {
        String(decoding: try contents(of: path), as: UTF8.self)
    }

    /// The bytes of a small file; its first 1 MiB.
    public static func contents(of path: String) throws(SystemError) -> [UInt8] {
        let number = try systemCall("open") { unsafe open(path, O_RDONLY | O_CLOEXEC) }
        let file = Descriptor(owning: number)
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while text.count < 1 << 20 {
            let count = try systemCall("read") { unsafe read(file.number, &chunk, chunk.count) }
            if count == 0 { break }
            text.append(contentsOf: chunk[..<count])
        }
        return text
    }
}
