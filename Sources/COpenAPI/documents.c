#include "COpenAPI.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char yaml[] = {
#embed "../../openapi/openapi.yaml"
};

static const unsigned char json[] = {
#embed "../../openapi/openapi.json"
};

struct openapi_documents openapi_documents(void) {
    return (struct openapi_documents){yaml, json, sizeof yaml, sizeof json};
}
