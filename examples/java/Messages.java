import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Sends a message through a running client and follows it until it lies in a mailbox; one to
 * itself, until it is there. Standard library only.
 *
 * <pre>java Messages.java PORT TOKEN_FILE [ADDRESS]</pre>
 *
 * PORT and TOKEN_FILE are those of `chaffinch client`. Without ADDRESS the message goes to the client itself, so that
 * all of its way can be seen. The interface: docs/spec/client-http.md 15; GET /openapi.json describes each route.
 */
final class Messages {
  /** The client says no: a problem document (RFC 9457). */
  static final class Refused extends Exception {
    Refused(String why) {
      super(why);
    }
  }

  private final HttpClient http = HttpClient.newHttpClient();
  private final String base;
  private final String token;
  private String sent;
  private String seen = "-1";
  private boolean stored;
  private boolean came;

  private Messages(String port, String token) {
    this.base = "http://127.0.0.1:" + port;
    this.token = token;
  }

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length != 2 && arguments.length != 3) {
      System.err.println("usage: Messages PORT TOKEN_FILE [ADDRESS]");
      System.exit(2);
    }
    try {
      String token = Files.readString(Path.of(arguments[1])).strip();
      new Messages(arguments[0], token).follow(arguments.length == 3 ? arguments[2] : null);
    } catch (Refused refused) {
      fail(refused.getMessage());
    } catch (NoSuchFileException missing) {
      fail(missing.getMessage() + ": no token file: has the client been started?");
    } catch (ConnectException nobody) {
      fail("nothing answers: is the client running, and is this its port?");
    } catch (IOException | IllegalArgumentException broken) {
      fail(broken.getMessage());
    }
    System.exit(0); // the library's threads would keep the program for a while
  }

  private static void fail(String why) {
    System.err.println("messages: " + why);
    System.exit(1);
  }

  /** Sends when the client is ready, and returns when the message is stored and, if it is to itself, here. */
  private void follow(String address) throws IOException, InterruptedException, Refused {
    String event = "";
    // Server-sent events: lines "event: NAME" and "data: JSON", then an empty one. The first says where the client stands.
    for (Iterator<String> lines = open("GET", "/events", null).iterator(); lines.hasNext(); ) {
      String line = lines.next();
      if (line.startsWith("event: ")) event = line.substring(7);
      if (line.startsWith("data: ") && isOver(event, line.substring(6), address)) return;
    }
    throw new Refused("the client ended");
  }

  private boolean isOver(String event, String data, String address)
      throws IOException, InterruptedException, Refused {
    switch (event) {
      case "bootstrap" -> {
        System.out.println(field(data, "progress") + " %: " + field(data, "summary"));
        if (field(data, "warning") != null)
          System.out.println(field(data, "warning") + ": " + field(data, "recommendation"));
        if ("100".equals(field(data, "progress")) && sent == null) {
          String to = address != null ? address : field(ask("GET", "/status", null), "address");
          String body = "{\"to\":\"" + to + "\",\"text\":\"hello from Java\"}";
          sent = field(ask("POST", "/messages", body), "id");
        }
      }
      case "message" -> {
        String page = ask("GET", "/messages?after=" + seen, null);
        for (Matcher text = Pattern.compile("\"text\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(page); text.find(); )
          System.out.println("received: " + text.group(1));
        seen = field(page, "next");
        came = true;
      }
      case "state" -> {
        if (!field(data, "id").equals(sent)) return false;
        String state = field(data, "state");
        System.out.println(state);
        if (state.equals("failed")) throw new Refused("the message failed: " + field(data, "reason"));
        stored |= state.equals("stored");
      }
      default -> {}
    }
    return stored && (came || address != null);
  }

  private String ask(String method, String path, String body) throws IOException, InterruptedException, Refused {
    return open(method, path, body).collect(Collectors.joining("\n"));
  }

  /** The lines of an answer, as they come. */
  private Stream<String> open(String method, String path, String body)
      throws IOException, InterruptedException, Refused {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .version(HttpClient.Version.HTTP_1_1)
            .header("Authorization", "Bearer " + token)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (body != null) request.header("Content-Type", "application/json");
    HttpResponse<Stream<String>> response = http.send(request.build(), BodyHandlers.ofLines());
    if (response.statusCode() < 300) return response.body();
    String problem = response.body().collect(Collectors.joining("\n"));
    throw new Refused(field(problem, "code") + ": " + field(problem, "detail"));
  }

  /**
   * A text or number out of JSON, null when it is not there. Java has no JSON reader of its own; this one is enough for the plain
   * values that are asked for here, and shows escapes as they are.
   */
  private static String field(String json, String name) {
    String value = "\"" + name + "\":(?:\"((?:[^\"\\\\]|\\\\.)*)\"|(-?\\d+))";
    Matcher found = Pattern.compile(value).matcher(json);
    if (!found.find()) return null;
    return found.group(1) != null ? found.group(1) : found.group(2);
  }
}
