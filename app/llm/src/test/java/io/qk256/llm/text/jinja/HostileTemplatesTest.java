package io.qk256.llm.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that would run forever, fill the memory or the stack. Each must end soon, with a reason. */
class HostileTemplatesTest {

    /** Each takes a second at most, but the machine may be busy. Without the limits they would take days. */
    private static final Duration SOON = Duration.ofMinutes(10);

    private static final Map<String, Value> VARIABLES =
            Map.of("messages", new Value.Sequence(List.of(Value.ofMessage("Hi <|x|> there"))));

    static List<String> hostile() {
        String doubling = "{% set ns = namespace(s='ab') %}{% for i in range(60) %}";
        return List.of(
                // Time.
                "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}"
                        + "{% endfor %}{% endfor %}{% endfor %}",
                "{{ range(999999999999) | length }}",
                "{{ range(0, 1, -1) | length }}{{ range(0, 5, 0) }}",
                // Text.
                doubling + "{% set ns.s = ns.s + ns.s %}{% endfor %}",
                doubling + "{% set ns.s = ns.s ~ messages[0] ~ ns.s %}{% endfor %}",
                doubling + "{% set ns.s = ns.s.replace('a', 'aab') %}{% endfor %}",
                doubling + "{% set ns.s = [ns.s, ns.s] | join(ns.s) %}{% endfor %}",
                doubling + "{% set t %}{{ ns.s }}{{ ns.s }}{% endset %}{% set ns.s = t %}{% endfor %}",
                doubling + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}",
                doubling + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s == ns.s }}"
                        + "{% set ns.t = ['ab', 'ab'] %}{% for i in range(59) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}"
                        + "{{ ns.s == ns.t }}",
                "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
                "{% for i in range(100000) %}{{ '" + "x".repeat(10_000) + "' }}{% endfor %}",
                "{% for i in range(100000) %}" + "x".repeat(10_000) + "{% endfor %}",
                // Searches, which compare every place with the pattern.
                "{% set ns = namespace(s='a') %}{% for i in range(21) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
                        + "{% set h = ns.s[1048576:] ~ 'b' %}{% for i in range(1000) %}{{ h in ns.s }}{% endfor %}",
                "{% set ns = namespace(s='a') %}{% for i in range(21) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
                        + "{% for i in range(10000) %}{{ ns.s.strip('b' ~ ns.s) }}{% endfor %}",
                "{% set ns = namespace(s='a') %}{% for i in range(21) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
                        + "{% for i in range(100000) %}{{ ns.s | length }}{{ ns.s[0] }}{% endfor %}",
                "{% set ns = namespace(s='a') %}{% for i in range(21) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
                        + "{% for i in range(100000) %}{{ ns.s.startswith(ns.s) }}{{ ns.s is eq ns.s }}{% endfor %}",
                // Depth.
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro m(a) %}{{ m([a]) }}{% endmacro %}{{ m(1) }}",
                "{{ " + "(".repeat(5_000) + "1" + ")".repeat(5_000) + " }}",
                "{{ " + "[".repeat(5_000) + "]".repeat(5_000) + " }}",
                "{{ " + "not ".repeat(5_000) + "1 }}",
                "{{ " + "-".repeat(5_000) + "1 }}",
                "{{ " + "1 + ".repeat(50_000) + "1 }}",
                "{{ 1" + " | string".repeat(50_000) + " }}",
                "{{ 1" + " if 1 else 1".repeat(5_000) + " }}",
                "{{ x" + "[0]".repeat(5_000) + " }}",
                "{{ x" + "[x".repeat(5_000) + "]".repeat(5_000) + " }}",
                "{% if 1 %}".repeat(5_000) + "{% endif %}".repeat(5_000),
                "{% for i in [1] %}".repeat(5_000) + "{% endfor %}".repeat(5_000),
                "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}"
                        + "{{ ns.l | tojson }}",
                // Scopes in scopes, without depth of calls.
                "{% set ns = namespace() %}{% macro a() %}{% macro b() %}{% set f = ns.m %}{% endmacro %}"
                        + "{% set ns.m = b %}{% endmacro %}{% for i in range(1000000) %}{{ a() }}{% endfor %}",
                "x".repeat((1 << 20) + 1));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void ends(String source) {
        Assertions.assertTimeoutPreemptively(
                SOON,
                () -> assertThatThrownBy(() -> JinjaTemplate.parse(source).render(VARIABLES, Optional.empty()))
                        .isInstanceOf(JinjaException.class));
    }

    /** Each reads a million characters, of which a template cannot read a hundred million. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ns.s | length",
                "ns.s[2000000]",
                "ns.s.startswith(ns.s)",
                "ns.s.endswith(ns.s)",
                "{ns.s: 1} | length",
                "ns.d[ns.s]",
                "ns.s in ns.d",
                "ns.d.get(ns.s)",
                "[] | select(ns.s) | length",
                "[ns.d] | selectattr(ns.s) | length",
                "[ns.d] | map(attribute=ns.s) | length",
                "strftime_now(ns.s) | length"
            })
    void readingALongTextIsWork(String expression) {
        String source = "{% set ns = namespace(s='\u044f', d={'a': 1}) %}"
                + "{% for i in range(20) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
                + "{% for i in range(100) %}{{ " + expression + " }}{% endfor %}";
        assertIsTooMuch(source);
    }

    private static void assertIsTooMuch(String source) {
        Optional<LocalDateTime> now = Optional.of(LocalDateTime.of(2025, 7, 1, 9, 5));
        assertThatThrownBy(() -> JinjaTemplate.parse(source).render(VARIABLES, now))
                .isInstanceOf(JinjaException.class)
                .hasMessageMatching(".*the template (takes too many steps|makes too much text).*");
    }

    @Test
    void manyNamesAreWork() {
        String names = IntStream.range(0, 10_000).mapToObj(i -> "a" + i).collect(Collectors.joining(","));
        String map = "{% set d = {" + names.replaceAll("(a[0-9]+)", "'$1': 1") + "} %}";
        String loop = "{% for i in range(100) %}";
        assertIsTooMuch(map + loop + "{{ d.values() | length }}{% endfor %}");
        assertIsTooMuch(map + loop + "{{ d == {} }}{% endfor %}");
        assertIsTooMuch("{% macro m(" + names + ") %}{% endmacro %}" + loop + "{{ m() }}{% endfor %}");
        assertIsTooMuch("{% set l = range(10000) %}" + loop + "{% for " + names + " in [l] %}{% endfor %}{% endfor %}");
    }

    /** What is at the beginning of a long list is found at once; going over a million elements, this would take an hour. */
    @Test
    void whatIsFoundInAListIsNotLookedForAgain() {
        String source =
                "{% set l = range(1000000) %}{% for i in range(2000000) %}{% if 0 in l %}{% endif %}{% endfor %}";
        Map<String, Value> longText = Map.of("messages", Value.ofMessage("x".repeat(8_000_000)));
        Assertions.assertTimeoutPreemptively(
                SOON,
                () -> assertThat(JinjaTemplate.parse(source)
                                .render(longText, Optional.empty())
                                .length())
                        .isZero());
    }

    @Test
    void aLongNameIsRefused() {
        assertThat(JinjaTemplate.parse("{{ " + "x".repeat(1_000) + " }}")).isNotNull();
        assertThatThrownBy(() -> JinjaTemplate.parse("{{ " + "x".repeat(1_001) + " }}"))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining("a name has 1001 characters, expected at most 1000");
    }

    /** Real templates need a thousandth of the limits, and long conversations raise them. */
    @Test
    void longConversationsAreWithinTheLimits() {
        String source = "{% for m in messages %}{{ '<a>' + m + '<b>' + (m | trim) + m.split('</x>')[-1] }}{% endfor %}";
        Value.Sequence messages = new Value.Sequence(IntStream.range(0, 5_000)
                .mapToObj(i -> Value.ofMessage("word ".repeat(200)))
                .toList());
        MarkedText text = JinjaTemplate.parse(source).render(Map.of("messages", messages), Optional.empty());
        assertThat(text.length()).isEqualTo(5_000 * (6 + 3 * 1_000 - 1));
    }

    /** Whatever is wrong, it is told as such. */
    @Test
    void damagedTemplatesAreRefusedOrRun() {
        SplittableRandom random = new SplittableRandom(1);
        String alphabet = "{}%#-+'\"\\ \n()[].,:|~=!<>abeifxns012_";
        for (String name : Conversations.NAMES.subList(0, 4)) {
            Conversations.Recorded recorded = Conversations.of(name).recorded().getFirst();
            for (int i = 0; i < 2_000; i++) {
                StringBuilder source = new StringBuilder(
                        "{% set ns = namespace(a=1) %}{%- for m in messages if m.role is string %}{{ m.content[1:-1]"
                                + " | trim ~ ns.a + 1 }}{% else %}{{ {'a': [1, 2]}['a'][-1] }}{% endfor %}");
                for (int j = random.nextInt(1, 5); j > 0; j--) {
                    int at = random.nextInt(source.length());
                    char c = alphabet.charAt(random.nextInt(alphabet.length()));
                    switch (random.nextInt(3)) {
                        case 0 -> source.setCharAt(at, c);
                        case 1 -> source.insert(at, c);
                        default -> source.deleteCharAt(at);
                    }
                }
                try {
                    JinjaTemplate.parse(source.toString()).render(recorded.variables(), Optional.empty());
                } catch (JinjaException e) {
                    assertThat(e.getMessage()).isNotBlank();
                }
            }
        }
    }
}
