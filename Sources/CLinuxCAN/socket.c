// What CAN sockets of every protocol have: their address, timestamps and lost messages.
#include "CLinuxCAN.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

int ccan_bind(int socket, int interface_index) {
    struct sockaddr_can address = {.can_family = AF_CAN, .can_ifindex = interface_index};
    return bind(socket, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

int ccan_connect(int socket, int interface_index) {
    struct sockaddr_can address = {.can_family = AF_CAN, .can_ifindex = interface_index};
    return connect(socket, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

int ccan_enable_timestamps(int socket) {
    int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_HARDWARE |
                SOF_TIMESTAMPING_RAW_HARDWARE;
    return setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) < 0 ? -errno : 0;
}

int64_t ccan_drop_count(int socket) {
    uint32_t information[SK_MEMINFO_VARS];
    socklen_t size = sizeof information;
    if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, information, &size) < 0) return -errno;
    return information[SK_MEMINFO_DROPS];
}
