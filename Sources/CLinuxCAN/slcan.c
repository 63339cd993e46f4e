// Whether an interface is slcan's (SIOCETHTOOL). Its driver does not give its name; its one private flag gives it away.
#include "CLinuxCAN.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int ask(int control, const char *interface, void *command) {
    struct ifreq request = {.ifr_data = command};
    strncpy(request.ifr_name, interface, sizeof request.ifr_name - 1);
    return ioctl(control, SIOCETHTOOL, &request);
}

static int has_one_private_flag(int control, const char *interface) {
    struct {
        struct ethtool_sset_info head;
        uint32_t count;
    } information = {.head = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1u << ETH_SS_PRIV_FLAGS}};
    return ask(control, interface, &information) == 0 && information.head.sset_mask && information.count == 1;
}

int ccan_is_slcan(const char *interface) {
    struct {
        struct ethtool_gstrings head;
        char name[ETH_GSTRING_LEN];
    } flags = {.head = {.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_PRIV_FLAGS, .len = 1}};
    int control = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) return -errno;
    int found = has_one_private_flag(control, interface) && ask(control, interface, &flags) == 0 &&
                strncmp(flags.name, "err-rst-on-open", ETH_GSTRING_LEN) == 0;
    close(control);
    return found;
}
