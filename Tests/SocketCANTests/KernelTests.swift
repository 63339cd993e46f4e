import Testing

/// The tests that share the machine's interfaces: one at a time.
@Suite(.serialized) struct KernelTests {}
