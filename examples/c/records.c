/*
 * Sends records of a vehicle or a sensor through a mix-net, and takes them at the other end. Nobody in between learns
 * which car a record is of. Plain POSIX sockets, no library.
 *
 *     cc -o records records.c
 *     ./records send PORT TOKEN_FILE RECIPIENT FILE     a record a line; returns when all have been taken
 *     ./records take PORT TOKEN_FILE [COUNT]            prints what comes, a line each, until there are so many
 *
 * PORT and TOKEN_FILE are those of `chaffinch cascade client`. A record's id is the hash of its line: whoever hands one
 * in twice, after a crash for instance, has sent it once. The interface: docs/spec/cascade.md 15.
 *
 * Requests are HTTP/1.0: the answer then comes as it is, without chunks, and ends with the connection.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_field = 256, digest_bytes = 32, name_size = 2 * digest_bytes + 1 };

static int port;
static char token[256];

static void fail(const char *what, const char *why) {
  fprintf(stderr, "records: %s: %s\n", what, why);
  exit(1);
}

static void *room(size_t bytes) {
  void *made = malloc(bytes);
  if (made == NULL) fail("memory", "none is left");
  return made;
}

static void pause_a_little(void) { nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL); }

/* SHA-256 (FIPS 180-4) of a line, in hexadecimal. */
static void hash_of(const unsigned char *bytes, size_t length, char hex[static name_size]) {
  static const uint32_t k[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
#define turn(x, n) ((x) >> (n) | (x) << (32 - (n)))
  size_t whole = (length + 9 + 63) / 64 * 64;
  unsigned char *padded = room(whole);
  memset(padded, 0, whole);
  memcpy(padded, bytes, length);
  padded[length] = 0x80;
  for (int i = 0; i < 8; i++) padded[whole - 1 - i] = (unsigned char)((uint64_t)length * 8 >> 8 * i);
  for (size_t at = 0; at < whole; at += 64) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++) {
      const unsigned char *p = padded + at + 4 * i;
      w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    }
    for (int i = 16; i < 64; i++)
      w[i] = w[i - 16] + w[i - 7] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) +
             (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(s, h, sizeof s);
    for (int i = 0; i < 64; i++) {
      uint32_t one = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
                     ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
      uint32_t two = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) +
                     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      memmove(s + 1, s, 7 * sizeof *s);
      s[4] += one;
      s[0] = one + two;
    }
    for (int i = 0; i < 8; i++) h[i] += s[i];
  }
  free(padded);
  for (int i = 0; i < 8; i++) sprintf(hex + 8 * i, "%08x", h[i]);
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Base64 (RFC 4648), to be freed: what is in a record need not be escaped then. */
static char *to_base64(const unsigned char *bytes, size_t length) {
  char *text = room(length / 3 * 4 + 5), *out = text;
  for (size_t i = 0; i < length; i += 3) {
    uint32_t three = (uint32_t)bytes[i] << 16;
    if (i + 1 < length) three |= (uint32_t)bytes[i + 1] << 8;
    if (i + 2 < length) three |= bytes[i + 2];
    for (int j = 0; j < 4; j++) *out++ = i + j > length ? '=' : letters[three >> (18 - 6 * j) & 63];
  }
  *out = '\0';
  return text;
}

/* Prints the bytes of a Base64 text, up to its end. */
static void print_base64(const char *text) {
  uint32_t bits = 0;
  int count = 0;
  for (const char *found; *text != '\0' && (found = strchr(letters, *text)) != NULL; text++) {
    bits = bits << 6 | (uint32_t)(found - letters);
    if ((count += 6) >= 8) putchar((int)(bits >> (count -= 8) & 255));
  }
  putchar('\n');
  fflush(stdout);
}

/*
 * Finds where a text or a number begins in JSON; NULL when it is not there. C has no JSON reader; this one is enough
 * for the plain values that are asked for here.
 */
static const char *value_of(const char *json, const char *name) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(json, key);
  return at == NULL ? NULL : at + strlen(key) + (at[strlen(key)] == '"');
}

static void copy(const char *json, const char *name, char value[static most_field]) {
  const char *at = value_of(json, name);
  size_t length = at == NULL ? 0 : strcspn(at, "\",}");
  if (length >= most_field) length = most_field - 1;
  if (at != NULL) memcpy(value, at, length);
  value[length] = '\0';
}

/* Asks, and gives the body of the answer, to be freed; `code` is empty unless the client says no (RFC 9457). */
static char *ask(const char *method, const char *path, const char *body, char code[static most_field]) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  if (connection < 0 || connect(connection, (struct sockaddr *)&to, sizeof to) != 0)
    fail(strerror(errno), "is the client running, and is this its port?");
  dprintf(connection,
          "%s %s HTTP/1.0\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
          method, path, port, token, strlen(body), body);
  size_t length = 0, most = 65536;
  char *all = room(most);
  for (ssize_t got; (got = read(connection, all + length, most - length - 1)) > 0;) {
    length += (size_t)got;
    if (most - length == 1 && (all = realloc(all, most *= 2)) == NULL) fail("memory", "none is left");
  }
  close(connection);
  all[length] = '\0';
  char *head = strstr(all, "\r\n\r\n");
  int status = 0;
  if (head == NULL || sscanf(all, "HTTP/%*s %d", &status) != 1) fail("the client", "it gave no answer");
  memmove(all, head + 4, strlen(head + 4) + 1);
  code[0] = '\0';
  if (status >= 300) copy(all, "code", code);
  if (status >= 300 && code[0] == '\0') strcpy(code, "refused");
  return all;
}

/* Hands a record in, and puts its name down. */
static void hand_in(const char *recipient, const char *line, char name[static name_size]) {
  char code[most_field];
  hash_of((const unsigned char *)line, strlen(line), name);
  char *bytes = to_base64((const unsigned char *)line, strlen(line));
  char *body = room(strlen(bytes) + strlen(recipient) + name_size + 64);
  sprintf(body, "{\"recipient\":\"%s\",\"base64\":\"%s\",\"id\":\"%s\"}", recipient, bytes, name);
  for (;;) {
    char *answer = ask("POST", "/send", body, code);
    bool waits = strcmp(code, "UNKNOWN") == 0 || strcmp(code, "FULL") == 0;
    if (code[0] != '\0' && !waits) fail(code, answer);
    free(answer);
    if (!waits) break;
    pause_a_little(); /* the recipient has not come yet, or too much waits: again */
  }
  free(body);
  free(bytes);
}

static void send_all(const char *recipient, const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) fail(path, strerror(errno));
  char(*names)[name_size] = NULL, *line = NULL;
  size_t count = 0, size = 0;
  while (getline(&line, &size, file) >= 0) {
    line[strcspn(line, "\n")] = '\0';
    if (line[strspn(line, " \t\r")] == '\0') continue;
    if ((names = realloc(names, (count + 1) * sizeof *names)) == NULL) fail("memory", "none is left");
    hand_in(recipient, line, names[count++]);
  }
  free(line);
  fclose(file);
  for (size_t delivered = 0, last = count + 1; delivered < count || last != delivered;) {
    delivered = 0;
    for (size_t i = 0; i < count; i++) {
      char route[name_size + 16], state[most_field], code[most_field];
      snprintf(route, sizeof route, "/messages/%s", names[i]);
      char *answer = ask("GET", route, "", code);
      if (code[0] != '\0') fail(code, answer);
      copy(answer, "state", state);
      delivered += strcmp(state, "delivered") == 0;
      free(answer);
    }
    if (delivered != last) printf("%zu of %zu delivered\n", last = delivered, count);
    fflush(stdout);
    if (delivered < count) pause_a_little();
  }
  free(names);
}

/* Prints records, and deletes each from the mailbox once it is printed. */
static void take(long count) {
  for (long taken = 0; count < 0 || taken < count;) {
    char code[most_field];
    char *came = ask("GET", "/received", "", code);
    if (code[0] != '\0') fail(code, came);
    long before = taken;
    for (const char *at = came; (at = strstr(at, "\"number\":")) != NULL; at++) {
      char number[most_field], route[most_field + 16];
      copy(at, "number", number);
      const char *bytes = value_of(at, "base64");
      if (bytes == NULL) fail("the client", "a message has no bytes");
      print_base64(bytes);
      snprintf(route, sizeof route, "/received/%s", number);
      free(ask("DELETE", route, "", code));
      taken++;
    }
    free(came);
    if (taken == before) pause_a_little();
  }
}

int main(int count, char **arguments) {
  bool sends = count == 6 && strcmp(arguments[1], "send") == 0;
  bool takes = (count == 4 || count == 5) && strcmp(arguments[1], "take") == 0;
  if ((!sends && !takes) || (port = atoi(arguments[2])) <= 0) {
    fprintf(stderr, "usage: records send PORT TOKEN_FILE RECIPIENT FILE\n"
                    "       records take PORT TOKEN_FILE [COUNT]\n");
    return 2;
  }
  FILE *token_file = fopen(arguments[3], "r");
  if (token_file == NULL || fgets(token, sizeof token, token_file) == NULL)
    fail(arguments[3], "no token there: has the client been started?");
  fclose(token_file);
  token[strcspn(token, "\r\n")] = '\0';
  if (sends) send_all(arguments[4], arguments[5]);
  else take(count == 5 ? atol(arguments[4]) : -1);
  return 0;
}
