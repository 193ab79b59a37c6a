/*
 * Sends a message through a running client and follows it until it lies in a mailbox; one to
 * itself, until it is there. Plain POSIX sockets, no library.
 *
 *     cc -o messages messages.c
 *     ./messages PORT TOKEN_FILE [ADDRESS]
 *
 * PORT and TOKEN_FILE are those of `chaffinch client`. Without ADDRESS the message goes to the client itself, so that
 * all of its way can be seen. The interface: docs/spec/client-http.md 15; GET /openapi.json describes each route.
 *
 * Requests are HTTP/1.0: the answer then comes as it is, without chunks, and ends with the connection.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most_field = 1024 };

static int port;
static char token[256];

static void fail(const char *what, const char *why) {
  fprintf(stderr, "messages: %s: %s\n", what, why);
  exit(1);
}

/*
 * Copies a text or a number out of JSON; false when it is not there. C has no JSON reader; this one is enough for the
 * plain values that are asked for here, and leaves escapes as they are.
 */
static bool field(const char *json, const char *name, char value[static most_field]) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(json, key);
  if (at == NULL) return false;
  at += strlen(key);
  bool text = *at == '"';
  if (!text && strchr("-0123456789", *at) == NULL) return false;
  size_t length = 0;
  for (at += text; *at != '\0' && length + 2 < most_field; at++) {
    if (text ? *at == '"' : strchr("-0123456789", *at) == NULL) break;
    if (*at == '\\' && at[1] != '\0') value[length++] = *at++;
    value[length++] = *at;
  }
  value[length] = '\0';
  return true;
}

/* Everything that is left of an answer, to be freed. */
static char *rest_of(FILE *answer) {
  size_t length = 0, room = 65536, got;
  char *all = malloc(room);
  while (all != NULL && (got = fread(all + length, 1, room - length - 1, answer)) > 0) {
    length += got;
    if (room - length == 1) all = realloc(all, room *= 2);
  }
  if (all == NULL) fail("memory", "none is left");
  all[length] = '\0';
  return all;
}

/* Asks, and leaves the body of the answer to be read and closed. */
static FILE *open_answer(const char *method, const char *path, const char *body) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  if (connection < 0 || connect(connection, (struct sockaddr *)&to, sizeof to) != 0)
    fail(strerror(errno), "is the client running, and is this its port?");
  dprintf(connection,
          "%s %s HTTP/1.0\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
          method, path, port, token, strlen(body), body);
  FILE *answer = fdopen(connection, "r");
  char line[1024];
  int status = 0;
  if (answer == NULL || fgets(line, sizeof line, answer) == NULL || sscanf(line, "HTTP/%*s %d", &status) != 1)
    fail("the client", "it gave no answer");
  while (fgets(line, sizeof line, answer) != NULL && strcmp(line, "\r\n") != 0) continue;
  if (status < 300) return answer;
  char *problem = rest_of(answer); /* RFC 9457 */
  char code[most_field] = "refused", detail[most_field] = "";
  field(problem, "code", code);
  field(problem, "detail", detail);
  fail(code, detail);
  return NULL;
}

static char *ask(const char *method, const char *path, const char *body) {
  FILE *answer = open_answer(method, path, body);
  char *all = rest_of(answer);
  fclose(answer);
  return all;
}

/* Sends a message and puts down its id. Without an address it goes to the client itself. */
static void send_to(const char *address, char id[static most_field]) {
  char own[most_field], body[2 * most_field];
  if (address == NULL) {
    char *status = ask("GET", "/status", "");
    if (!field(status, "address", own)) fail("status", "it names no address");
    free(status);
  }
  snprintf(body, sizeof body, "{\"to\":\"%s\",\"text\":\"hello from C\"}",
           address == NULL ? own : address);
  char *handed = ask("POST", "/messages", body);
  if (!field(handed, "id", id)) fail("message", "the answer names no id");
  free(handed);
}

/* Prints what came since `seen`, and moves it. */
static void list_after(char seen[static most_field]) {
  char path[most_field + 32], text[most_field];
  snprintf(path, sizeof path, "/messages?after=%s", seen);
  char *page = ask("GET", path, "");
  for (const char *at = page; (at = strstr(at, "\"text\":")) != NULL; at++)
    if (field(at, "text", text)) printf("received: %s\n", text);
  field(page, "next", seen);
  free(page);
}

int main(int count, char **arguments) {
  if ((count != 3 && count != 4) || (port = atoi(arguments[1])) <= 0) {
    fprintf(stderr, "usage: messages PORT TOKEN_FILE [ADDRESS]\n");
    return 2;
  }
  FILE *token_file = fopen(arguments[2], "r");
  if (token_file == NULL || fgets(token, sizeof token, token_file) == NULL)
    fail(arguments[2], "no token there: has the client been started?");
  fclose(token_file);
  token[strcspn(token, "\r\n")] = '\0';
  const char *address = count == 4 ? arguments[3] : NULL;

  /* Server-sent events: lines "event: NAME" and "data: JSON", then an empty one. The first says where the client stands. */
  FILE *events = open_answer("GET", "/events", "");
  static char line[65536];
  char event[32] = "", sent[most_field] = "", seen[most_field] = "-1", value[most_field], more[most_field];
  bool stored = false, came = address != NULL;
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(line, sizeof line, events) != NULL) {
    sscanf(line, "event: %31s", event);
    if (strncmp(line, "data: ", 6) != 0) continue;
    if (strcmp(event, "bootstrap") == 0) {
      if (field(line, "progress", value) && field(line, "summary", more)) printf("%s %%: %s\n", value, more);
      bool ready = strcmp(value, "100") == 0;
      if (field(line, "warning", value) && field(line, "recommendation", more)) printf("%s: %s\n", value, more);
      if (ready && sent[0] == '\0') send_to(address, sent);
    } else if (strcmp(event, "message") == 0) {
      list_after(seen);
      came = true;
    } else if (strcmp(event, "state") == 0 && field(line, "id", value) && strcmp(value, sent) == 0) {
      if (!field(line, "state", value)) continue;
      printf("%s\n", value);
      if (strcmp(value, "stored") == 0) stored = true;
      if (strcmp(value, "failed") == 0) fail("the message failed", field(line, "reason", more) ? more : "no reason");
    }
    if (stored && came) return 0;
  }
  fail("the client", "it ended");
}
