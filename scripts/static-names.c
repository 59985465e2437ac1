/* Linked into the programs that scripts/release links with glibc statically.
 *
 * To look up a host name, glibc loads the modules that /etc/nsswitch.conf of the machine names, such as myhostname or
 * resolve, and they load the machine's own glibc. If that is of another version than the one in the program, the program
 * crashes. Modules for "files" and "dns" are part of glibc since 2.34: a program that uses these two loads nothing. */
#include <nss.h>

__attribute__((constructor)) static void look_up_names_in_files_and_dns(void) {
    __nss_configure_lookup("hosts", "files dns");
}
