import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** A service on a JVM: threads, garbage, a child process for each request; SIGHUP, as many servers have it, reloads. */
public class Service {
  static volatile int generation = 1;

  public static void main(String[] arguments) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 8084), 16);
    server.createContext("/", Service::answer);
    server.setExecutor(Executors.newFixedThreadPool(4));
    sun.misc.Signal.handle(new sun.misc.Signal("HUP"), signal -> {
      System.gc();
      generation++;
    });
    server.start();
  }

  static void answer(HttpExchange exchange) throws IOException {
    boolean isAllowed = System.getenv("PASSWORD").equals(exchange.getRequestHeaders().getFirst("X-Password"));
    byte[] garbage = new byte[1 << 20];
    String child;
    try (var output = new ProcessBuilder("/bin/sh", "-c", "echo child").start().getInputStream()) {
      child = new String(output.readAllBytes());
    }
    byte[] body = (generation + " " + garbage.length + " " + child).getBytes();
    exchange.sendResponseHeaders(isAllowed ? 200 : 403, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
