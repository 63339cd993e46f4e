internal import COpenAPI

/// The API description that was built into the binary.
enum OpenAPIDocuments {
    static var yaml: [UInt8] {
        let documents = unsafe openapi_documents()
        return unsafe Array(UnsafeBufferPointer(start: documents.yaml, count: documents.yaml_size))
    }

    static var json: [UInt8] {
        let documents = unsafe openapi_documents()
        return unsafe Array(UnsafeBufferPointer(start: documents.json, count: documents.json_size))
    }
}
