// libmicrohttpd, and inline functions for what Swift cannot import: variadic functions, casting macros, and a callback
// that takes a va_list.
#pragma once

#include <microhttpd.h>
#include <stdio.h>

// Where libmicrohttpd's own messages go.
struct cmhd_log {
    void (*line)(void *context, const char *text);
    void *context;
};

static void cmhd_log_line(void *log, const char *format, va_list arguments) {
    char text[512];
    vsnprintf(text, sizeof text, format, arguments);
    const struct cmhd_log *target = (const struct cmhd_log *)log;
    target->line(target->context, text);
}

// MHD_start_daemon is variadic. The log must live as long as the daemon.
static inline struct MHD_Daemon *cmhd_start(
    unsigned flags, MHD_AccessHandlerCallback handler, void *context, struct cmhd_log *log,
    struct MHD_OptionItem *options) {
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handler, context, MHD_OPTION_EXTERNAL_LOGGER, cmhd_log_line, log, MHD_OPTION_ARRAY,
        options, MHD_OPTION_END);
}

// MHD_get_daemon_info is variadic.
static inline int cmhd_epoll_descriptor(struct MHD_Daemon *daemon) {
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

// MHD_get_connection_info is variadic.
static inline int cmhd_socket(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static inline const struct sockaddr *cmhd_client_address(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

static inline void *cmhd_connection_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

// MHD_upgrade_action is variadic.
static inline void cmhd_close_upgraded(struct MHD_UpgradeResponseHandle *handle) {
    MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}

// MHD_SIZE_UNKNOWN and the ends of a content reader are macros with casts.
static inline uint64_t cmhd_size_unknown(void) { return MHD_SIZE_UNKNOWN; }
static inline ssize_t cmhd_end_of_stream(void) { return MHD_CONTENT_READER_END_OF_STREAM; }
static inline ssize_t cmhd_end_with_error(void) { return MHD_CONTENT_READER_END_WITH_ERROR; }
