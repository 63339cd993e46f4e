// The API description, openapi/openapi.yaml and the same as JSON, as part of the binary.
#pragma once

#include <stddef.h>

struct openapi_documents {
    const unsigned char *yaml, *json;
    size_t yaml_size, json_size;
};

struct openapi_documents openapi_documents(void);
