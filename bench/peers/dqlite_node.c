/* One dqlite node as a process: dqlite_node ID ADDRESS DIRECTORY. Node 1 bootstraps the cluster. */
#include <dqlite.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char* what, dqlite_node* node) {
  fprintf(stderr, "dqlite_node: %s: %s\n", what, node ? dqlite_node_errmsg(node) : "no node");
  return 1;
}

int main(int count, char** values) {
  if (count != 4) {
    fprintf(stderr, "usage: dqlite_node ID ADDRESS DIRECTORY\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);

  dqlite_node* node = NULL;
  if (dqlite_node_create(strtoull(values[1], NULL, 10), values[2], values[3], &node)) return fail("create", node);
  if (dqlite_node_set_bind_address(node, values[2])) return fail("bind", node);
  if (dqlite_node_start(node)) return fail("start", node);
  int received;
  sigwait(&signals, &received);
  dqlite_node_stop(node);
  dqlite_node_destroy(node);
  return 0;
}
