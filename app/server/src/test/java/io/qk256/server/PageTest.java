package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.qk256.llm.serving.FinishReason;
import io.qk256.testing.HangGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The page in Chromium, used by keyboard alone. Its pictures are in {@code target/page}. */
class PageTest {

    private static final Path PROGRAMS = Path.of("/usr/bin");
    private static final Path PICTURES = Path.of("target", "page");

    private static final Script SCRIPT = new Script()
            .slowAnswer("Tell me everything", "The king and the fox and the wolf. ".repeat(3000), Duration.ofMillis(10))
            .slowAnswer("Once upon a time", " there was a fox and a king in the wood.", Duration.ofMillis(50))
            .answer("Mark it", "<b>bold</b> & <img src=x onerror=alert(1)>");

    private static TestServer server;
    private static ChromeDriver browser;

    @BeforeAll
    static void start(@TempDir Path profile) throws IOException {
        Path chromium = PROGRAMS.resolve("chromium");
        Path driver = PROGRAMS.resolve("chromedriver");
        assumeTrue(
                Files.isExecutable(chromium) && Files.isExecutable(driver),
                "there is no " + chromium + " and " + driver + " (Debian's packages chromium and chromium-driver)");
        server = TestServer.scripted(SCRIPT);
        ChromeOptions options = new ChromeOptions().setBinary(chromium.toFile());
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--window-size=900,700",
                "--user-data-dir=" + profile);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        browser = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(driver.toFile())
                        .usingAnyFreePort()
                        .build(),
                options);
        Files.createDirectories(PICTURES);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.quit();
        }
        if (server != null) {
            server.close();
            assertThat(server.log).isEmpty();
        }
    }

    @BeforeEach
    void load() {
        browser.manage().logs().get(LogType.BROWSER); // What belongs to what was there before.
        browser.manage().logs().get(LogType.PERFORMANCE);
        browser.get("http://127.0.0.1:" + server.port() + "/");
        await("the page knows the model", () -> text("model").equals("demo"));
        while (!browser.switchTo()
                .activeElement()
                .equals(by("text"))) { // It has the focus, unless the window had none.
            type(Keys.TAB);
        }
    }

    private static void await(String what, BooleanSupplier happens) {
        HangGuard.ends(() -> {
            while (!happens.getAsBoolean()) {
                LockSupport.parkNanos(10_000_000);
            }
            return what;
        });
    }

    private static WebElement by(String id) {
        return browser.findElement(By.id(id));
    }

    private static String text(String id) {
        return by(id).getText();
    }

    private static Object script(String source, Object... arguments) {
        return Objects.requireNonNull(browser.executeScript(source, arguments));
    }

    private static void type(CharSequence... keys) {
        new Actions(browser).sendKeys(keys).perform();
    }

    private static List<String> turns(String role) {
        return browser.findElements(By.cssSelector(".turn." + role)).stream()
                .map(WebElement::getText)
                .toList();
    }

    private static boolean isBusy() {
        return by("stop").isEnabled();
    }

    private static void picture(String name) throws IOException {
        Files.write(PICTURES.resolve(name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
    }

    private static void colors(String scheme) {
        browser.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Asks something, by keyboard, and waits for the answer. */
    private static void ask(String question) {
        int before = turns("assistant").size();
        type(question, Keys.ENTER);
        await("an answer begins", () -> turns("assistant").size() > before);
        await("an answer ends", () -> !isBusy());
    }

    /** Of the page's own server, and without a complaint of the browser. */
    private static void requireQuiet() {
        assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
                .extracting(LogEntry::getMessage)
                .isEmpty();
        for (LogEntry entry : browser.manage().logs().get(LogType.PERFORMANCE)) {
            JsonObject message =
                    JsonParser.parseString(entry.getMessage()).getAsJsonObject().getAsJsonObject("message");
            if (message.get("method").getAsString().equals("Network.requestWillBeSent")) {
                String url = message.getAsJsonObject("params")
                        .getAsJsonObject("request")
                        .get("url")
                        .getAsString();
                assertThat(url).matches("http://127\\.0\\.0\\.1:" + server.port() + "/.*|data:.*");
            }
        }
    }

    @Test
    void showsTheModelAndTheKernelAndWhyItWasSelected() {
        assertThat(browser.getTitle()).isEqualTo("demo");
        assertThat(text("kernel")).isEqualTo("kernel test: it is there");
        requireQuiet();
    }

    @Test
    void anAnswerStreams() {
        script(
                "window.seen = []; new MutationObserver(() => window.seen.push("
                        + "(document.querySelector('.assistant') || {textContent: ''}).textContent.length))"
                        + ".observe(document.getElementById('talk'), {childList: true, subtree: true, characterData: true}); return true");
        ask("Once upon a time");
        String answer = turns("assistant").getLast();
        assertThat(answer).isNotBlank();
        assertThat((Long) script("return new Set(window.seen).size"))
                .as("the answer was seen at several lengths")
                .isGreaterThan(3);
        assertThat(text("speed")).matches("\\d+ tokens, \\d+\\.\\d tokens/s, seed -?\\d+");
        assertThat(browser.switchTo().activeElement()).isEqualTo(by("text"));
        requireQuiet();
    }

    @Test
    void theModelKnowsTheConversation() {
        ask("Mark it");
        ask("Mark it");
        String again = SCRIPT.prompts.getLast();
        assertThat(again)
                .startsWith("\n[user] Mark it\n[assistant] <b>bold</b>")
                .endsWith("\n[user] Mark it\n[assistant] ");
        while (!browser.switchTo().activeElement().equals(by("clear"))) {
            type(Keys.TAB);
        }
        type(Keys.ENTER);
        assertThat(turns("user")).isEmpty();
        ask("Mark it");
        assertThat(SCRIPT.prompts.getLast()).isEqualTo("\n[user] Mark it\n[assistant] ");
    }

    @Test
    void anAnswerIsShownAsText() {
        ask("Mark it");
        assertThat(turns("assistant")).containsExactly("<b>bold</b> & <img src=x onerror=alert(1)>");
        requireQuiet();
    }

    @ParameterizedTest
    @ValueSource(strings = {"escape", "button"})
    void anAnswerCanBeStopped(String way) {
        long before = cancelled();
        type("Tell me everything", Keys.ENTER);
        await("it is written", () -> turns("assistant").stream().anyMatch(text -> text.contains("wolf")));
        assertThat(by("send").isEnabled()).isFalse();
        if (way.equals("button")) {
            while (!browser.switchTo().activeElement().equals(by("stop"))) {
                type(Keys.TAB);
            }
            type(Keys.ENTER);
        } else {
            type(Keys.ESCAPE);
        }
        await("it is stopped", () -> !isBusy());
        await("the server has noticed", () -> cancelled() == before + 1);
        assertThat(turns("assistant").getLast()).startsWith("The king and the fox");
        assertThat(by("problem").isDisplayed()).isFalse();
        ask("Mark it");
        assertThat(turns("assistant")).hasSize(2);
        requireQuiet();
    }

    private static long cancelled() {
        return server.scheduler.status().finished().getOrDefault(FinishReason.CANCELLED, 0L);
    }

    @Test
    void aProblemIsTold() {
        script("return document.getElementById('tokens').value = '-5'");
        type("Once", Keys.ENTER);
        await("it is told", () -> by("problem").isDisplayed());
        assertThat(text("problem")).contains("max_tokens is -5, expected");
        assertThat(by("text").getAttribute("value")).isEqualTo("Once");
    }

    @ParameterizedTest
    @ValueSource(strings = {"light", "dark"})
    void canBeRead(String scheme) throws IOException {
        colors(scheme);
        ask("Once upon a time");
        picture(scheme);
        for (String selector :
                List.of(".user", ".assistant", "#model", "#kernel", "#speed", "#send", "label", "#text")) {
            double contrast = ((Number) script(CONTRAST, selector)).doubleValue();
            assertThat(contrast).as("contrast of %s", selector).isGreaterThanOrEqualTo(4.5);
        }
        assertThat((Boolean) script("return matchMedia('(prefers-color-scheme: dark)').matches"))
                .isEqualTo(scheme.equals("dark"));
    }

    /** The ratio that WCAG defines, of an element's text and of what is behind it. */
    private static final String CONTRAST = """
            const element = document.querySelector(arguments[0]);
            const channels = color => color.match(/[\\d.]+/g).map(Number);
            const luminance = color => {
              const [r, g, b] = channels(color).map(c => c / 255)
                  .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
              return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            let behind = element;
            while (channels(getComputedStyle(behind).backgroundColor)[3] === 0) {
              behind = behind.parentElement;
            }
            const one = luminance(getComputedStyle(element).color);
            const other = luminance(getComputedStyle(behind).backgroundColor);
            return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
            """;

    @Test
    void fitsOnAPhone() throws IOException {
        browser.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", 320, "height", 640, "deviceScaleFactor", 1, "mobile", true));
        try {
            ask("Once upon a time");
            picture("narrow");
            by("ask").findElement(By.tagName("summary")).click();
            picture("settings");
            assertThat((Boolean) script("return document.documentElement.scrollWidth <= 320"
                            + " && document.getElementById('send').getBoundingClientRect().bottom <= 640"))
                    .isTrue();
        } finally {
            browser.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
        }
    }
}
