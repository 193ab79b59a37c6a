import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Sends records of a vehicle or a sensor through a mix-net, and takes them at the other end. Nobody in between learns
 * which car a record is of. Standard library only.
 *
 * <pre>
 * java Records.java send PORT TOKEN_FILE RECIPIENT FILE     a record a line; returns when all have been taken
 * java Records.java take PORT TOKEN_FILE [COUNT]            prints what comes, a line each, until there are so many
 * </pre>
 *
 * PORT and TOKEN_FILE are those of `chaffinch cascade client`. A record's id is the hash of its line: whoever hands one
 * in twice, after a crash for instance, has sent it once. The interface: docs/spec/cascade.md 15.
 */
final class Records {
  /** The client says no: a problem document (RFC 9457). */
  static final class Refused extends Exception {
    final String code;

    Refused(String code, String detail) {
      super(code + ": " + detail);
      this.code = code;
    }
  }

  private static final long PAUSE = 500;
  /** A message of the mailbox: its number, and its bytes. */
  private static final Pattern MESSAGE = Pattern.compile("\"number\":(\\d+)[^}]*\"base64\":\"([^\"]*)\"");

  private final HttpClient http = HttpClient.newHttpClient();
  private final String base;
  private final String token;

  private Records(String port, String token) {
    this.base = "http://127.0.0.1:" + port;
    this.token = token;
  }

  public static void main(String[] arguments) throws InterruptedException, GeneralSecurityException {
    int count = arguments.length;
    boolean sends = count == 5 && arguments[0].equals("send");
    boolean takes = (count == 3 || count == 4) && arguments[0].equals("take");
    if (!sends && !takes) {
      System.err.println("usage: Records send PORT TOKEN_FILE RECIPIENT FILE");
      System.err.println("       Records take PORT TOKEN_FILE [COUNT]");
      System.exit(2);
    }
    try {
      Records records = new Records(arguments[1], Files.readString(Path.of(arguments[2])).strip());
      if (sends) records.send(arguments[3], Path.of(arguments[4]));
      else records.take(count == 4 ? Long.parseLong(arguments[3]) : Long.MAX_VALUE);
    } catch (Refused refused) {
      fail(refused.getMessage());
    } catch (NoSuchFileException missing) {
      fail(missing.getMessage() + ": no such file: has the client been started?");
    } catch (ConnectException nobody) {
      fail("nothing answers: is the client running, and is this its port?");
    } catch (IOException | IllegalArgumentException broken) {
      fail(broken.getMessage());
    }
    System.exit(0); // the library's threads would keep the program for a while
  }

  private static void fail(String why) {
    System.err.println("records: " + why);
    System.exit(1);
  }

  /** Hands every line in, and waits until the recipient has said that it is there. */
  private void send(String recipient, Path file)
      throws IOException, InterruptedException, Refused, GeneralSecurityException {
    List<String> names = new ArrayList<>();
    for (String line : Files.readAllLines(file)) if (!line.isBlank()) names.add(handIn(recipient, line));
    for (String last = "", told; ; last = told) {
      Map<String, Integer> states = new TreeMap<>();
      for (String name : names) states.merge(field(ask("GET", "/messages/" + name, null), "state"), 1, Integer::sum);
      told =
          states.entrySet().stream()
              .map(each -> each.getValue() + " " + each.getKey())
              .collect(Collectors.joining(", "));
      if (!told.equals(last)) System.out.println(told);
      if (states.getOrDefault("delivered", 0) == names.size()) return;
      Thread.sleep(PAUSE);
    }
  }

  private String handIn(String recipient, String line)
      throws IOException, InterruptedException, Refused, GeneralSecurityException {
    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
    String name = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    // As Base64 nothing of it has to be escaped
    String text = Base64.getEncoder().encodeToString(bytes);
    String body = "{\"recipient\":\"%s\",\"base64\":\"%s\",\"id\":\"%s\"}".formatted(recipient, text, name);
    while (true)
      try {
        ask("POST", "/send", body);
        return name;
      } catch (Refused refused) {
        if (!refused.code.equals("UNKNOWN") && !refused.code.equals("FULL")) throw refused;
        Thread.sleep(PAUSE); // the recipient has not come yet, or too much waits: again
      }
  }

  /** Prints records, and deletes each from the mailbox once it is printed. */
  private void take(long count) throws IOException, InterruptedException, Refused {
    for (long taken = 0; taken < count; ) {
      long before = taken;
      for (Matcher came = MESSAGE.matcher(ask("GET", "/received", null)); came.find(); taken++) {
        System.out.println(new String(Base64.getDecoder().decode(came.group(2)), StandardCharsets.UTF_8));
        ask("DELETE", "/received/" + came.group(1), null);
      }
      if (taken == before) Thread.sleep(PAUSE);
    }
  }

  private String ask(String method, String path, String body) throws IOException, InterruptedException, Refused {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .version(HttpClient.Version.HTTP_1_1)
            .header("Authorization", "Bearer " + token)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (body != null) request.header("Content-Type", "application/json");
    HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
    if (response.statusCode() < 300) return response.body();
    String code = field(response.body(), "code");
    throw new Refused(code == null ? "refused" : code, field(response.body(), "detail"));
  }

  /**
   * A text out of JSON, null when it is not there. Java has no JSON reader of its own; this one is enough for the plain
   * values that are asked for here.
   */
  private static String field(String json, String name) {
    Matcher found = Pattern.compile("\"" + name + "\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
    return found.find() ? found.group(1) : null;
  }
}
