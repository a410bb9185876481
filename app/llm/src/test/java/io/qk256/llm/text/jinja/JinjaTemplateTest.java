package io.qk256.llm.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The language, and what it refuses. The expected texts are those of Jinja 3.1 with Hugging Face's settings. */
class JinjaTemplateTest {

    private static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 4, 15, 6, 7);

    @ParameterizedTest
    @CsvSource(delimiter = '#', quoteCharacter = '`', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            {{ 1 + 2 * 3 - 4 // 3 }} # 6
            {{ -7 % 3 }} {{ 7 // -2 }} {{ -(2) }} # 2 -4 -2
            {{ 'a' + 'b' ~ 1 ~ true ~ none }} # ab1TrueNone
            {{ 'a' 'b' }} # ab
            {{ 'it\\'s' }}{{ "\\u00e9\\x41\\101\\q" }} # it'séAA\\q
            {{ 1 if x }}|{{ 1 if true else 2 }}|{{ 1 if x else 2 }} # |1|2
            {{ 1 == true }} {{ '' != false }} {{ x == y }} {{ none == x }} # True True True False
            {{ 1 < 2 < 3 }} {{ 'a' < 'b' }} {{ 2 >= 3 }} # True True False
            {{ 'b' in 'abc' }} {{ 2 in [1, 2] }} {{ 'k' in {'k': 1} }} {{ 'a' not in x }} # True True True True
            {{ not x and 'y' or 'z' }} # y
            {{ x or 'd' }} {{ 'a' and 'b' }} # d b
            {{ text[0] }}{{ text[-1] }}{{ text[1:3] }}{{ text[:-1] }}{{ text[::-1] }} # aébcabcécba
            {{ list[0] }}{{ list[-1] }}{{ list[1:] | join('-') }}{{ list[9] }} # 132-3
            {{ list[::2] | join }} {{ list[::-2] | join }} {{ list[5:1] | length }} # 13 31 0
            {{ text | length }} {{ list | count }} {{ map | length }} {{ x | length }} # 4 3 2 0
            {{ map.k }}{{ map['l'] }}{{ map.none }}{{ map.get('k') }}{{ map.get('q', 'd') }} # v1vd
            {% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %} # k=v;l=1;
            {% for k in map %}{{ k }}{{ ',' if not loop.last }}{% endfor %} # k,l
            {% for i in list if i != 2 %}{{ loop.index }}/{{ loop.length }}:{{ i }};{% endfor %} # 1/2:1;2/2:3;
            {% for i in list %}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %} # 322;2113;102;
            {% for i in [] %}a{% else %}none{% endfor %} # none
            {% for i in x %}a{% else %}none{% endfor %} # none
            {% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %} # 02
            {{ range(1, 7, 3) | join(',') }} {{ range(3, 0, -1) | list | join }} # 1,4 321
            {% set a, b = [1, 2] %}{{ b }}{{ a }} # 21
            {% set t %}x{{ 1 }}{% endset %}{{ t }} # x1
            {% set n = 1 %}{% for i in list %}{% set n = i %}{% endfor %}{{ n }} # 1
            {% set ns = namespace(n=1) %}{% for i in list %}{% set ns.n = i %}{% endfor %}{{ ns.n }} # 3
            {% if false %}{% set n = 1 %}{% else %}{% set n = 2 %}{% endif %}{{ n }} # 2
            {% macro m(a, b='d') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(1, b=2) }}{{ m() }} # <1d><12><d>
            {{ '  a ' | trim }}{{ 'xax'.strip('x') }}{{ 'xax'.lstrip('x') }}{{ 'xax'.rstrip('x') }} # aaaxxa
            {{ 'hELLO wORLD' | capitalize }} {{ 'hELLO w1x-y' | title }} {{ 'w1x'.title() }} {{ 'aB' | upper }} # Hello world Hello W1x-Y W1X AB
            {{ 'a,b,c'.split(',') | join('-') }} {{ 'a,b,c'.split(',', 1) | last }} {{ ' a  b '.split() | length }} # a-b-c b,c 2
            {{ 'abc'.startswith('a') }} {{ 'abc'.endswith('a') }} {{ 'aba'.replace('a', 'xx') }} # True False xxbxx
            {{ x | default('d') }}{{ '' | default('d', true) }}{{ '' | d('d') }} # dd
            {{ [{'a': 1}, {'a': 2}] | selectattr('a', 'equalto', 2) | list | tojson }} # [{"a": 2}]
            {{ [1, 2, 3] | reject('equalto', 2) | join }} {{ [0, 1] | select | join }} # 13 1
            {{ [{'a': 1}, {'b': 2}] | rejectattr('a') | list | length }} # 1
            {{ ['a', 'b'] | map('upper') | join }} {{ [{'a': 1}] | map(attribute='a') | join }} # AB 1
            {{ map | tojson }} {{ {'b': [], 'a': none} | tojson(sort_keys=true) }} # {"k": "v", "l": 1} {"a": null, "b": []}
            {{ '<é"\\n>' | tojson }} # "<é\\"\\n>"
            {{ x is defined }} {{ x is not defined }} {{ none is none }} {{ 's' is string }} # False True True True
            {{ map is mapping }} {{ list is iterable }} {{ 1 is number }} {{ false is false }} {{ 0 is false }} # True True True True False
            {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 1 is in [1] }} {{ 1 is eq 2 }} # True True True False
            {{ x }}{{ x | string }}{{ x | trim }}| # |
            {{ (1, 2) | length }}{{ () | length }} # 20
            {%- if not(1 == 2) -%} a {%- endif -%} # a
            {{ '%}' }}{{ {'a': {'b': 1}} | tojson }} # %}{"a": {"b": 1}}
            {% generation %}a{% endgeneration %} # a
            {{ strftime_now('%d %b %Y %H:%M %%') }} # 04 Mar 2026 15:06 %
            """)
    void gives(String source, String expected) {
        assertThat(render(source)).isEqualTo(expected.strip());
    }

    @Test
    void dropsWhiteSpaceAsBlocksAndSignsSay() {
        assertThat(render("a\n  {% if true %}\nb\n  {% endif %}\nc\n")).isEqualTo("a\nb\nc");
        assertThat(render("a\n  {{ 1 }}\nb\n\n")).isEqualTo("a\n  1\nb\n");
        assertThat(render("a \n {%- if true -%} \n b {%+ endif +%}\nc")).isEqualTo("ab \nc");
        assertThat(render("a \u00a0{{- 1 -}}\u3000\n b")).isEqualTo("a1b");
        assertThat(render("  {# c #}\n  {#- c -#}  \nb")).isEqualTo("b");
        assertThat(render("a\r\nb\rc")).isEqualTo("a\nb\nc");
        assertThat(render("x {% if true %}y{% endif %}")).isEqualTo("x y");
        assertThat(render("a{# {{ no }} #}b")).isEqualTo("ab");
        assertThatThrownBy(() -> render("{# a")).hasMessage("line 1: a comment is not closed");
    }

    @Test
    void treatsCharactersBeyondTheFirstPlaneAsOne() {
        assertThat(render("{{ '\ud83d\ude00a' | length }}{{ '\ud83d\ude00ab'[1:2] }}{{ 'a\ud83d\ude00'[::-1] }}"))
                .isEqualTo("2a\ud83d\ude00a");
        assertThat(render("{% for c in '\ud83d\ude00a' %}[{{ c }}]{% endfor %}"))
                .isEqualTo("[\ud83d\ude00][a]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', quoteCharacter = '`', textBlock = """
            {% include 'x' %} # line 1: the block "include" is not supported
            {% raw %}{{ x }}{% endraw %} # line 1: the block "raw" is not supported
            {% call m() %}{% endcall %} # line 1: the block "call" is not supported
            {% for i in list recursive %}{% endfor %} # line 1: recursive loops are not supported
            {% if x %} # the template ends before elif or else or endif
            {% endif %} # "endif" ends no block
            {% for i in list %}{% endif %} # "endif", expected else or endfor
            {% break %} # "break" outside of a loop
            {{ 1.5 }} # numbers like "1.5" are not supported
            {{ 99999999999999999999 }} # only integers of up to 18 digits
            {{ 2 ** 3 }} # the operator "**" is not supported
            {{ 1 / 2 }} # the operator "/" is not supported
            {{ 'a' * 3 }} # the operator "*" between a string and a number
            {{ 'a' + 1 }} # the operator "+" between a string and a number
            {{ 'a' + x }} # the operator "+" between a string and undefined ("x")
            {{ x.y }} # "y" of "x", which is undefined
            {{ x['y'] }} # "y" of "x", which is undefined
            {{ 1 % 0 }} # the operator "%" overflows or divides by zero
            {{ list | sort }} # filter "sort" is not supported
            {{ list | length(1) }} # filter "length" takes at most 0 arguments
            {{ map | tojson(separators=1) }} # filter "tojson" has no argument "separators" here
            {{ 1 is prime }} # test "prime" is not supported
            {{ 'a'.encode() }} # method "encode" is not supported
            {{ list.append(1) }} # method "append" of a list is not supported
            {{ nothing() }} # function "nothing" is not supported
            {{ list }} # writing a list as text is not supported
            {{ f(*list) }} # arguments with "*" are not supported
            {{ loop.index }} # "index" of "loop", which is undefined
            {% for i in list %}{{ loop.cycle }}{% endfor %} # "loop.cycle" is not supported
            {% set x.y = 1 %} # set "x.y" needs a namespace, not undefined
            {% for a, b in list %}{% endfor %} # "a, b" needs as many values
            {{ strftime_now('%Q') }} # function "strftime_now" does not support "%Q"
            {{ 'a # a string is not closed
            {{ 'a' # "{{" is not closed
            {{ (1 }} # "}" closes no bracket
            {{ a b }} # "b", expected "}}"
            {{ ; }} # the character ";" is not expected here
            {{ }} # "}}", expected an expression
            {{ '\\x4' }} # an escape in a string needs 2 hexadecimal digits
            """)
    void refuses(String source, String message) {
        assertThatThrownBy(() -> render(source))
                .isInstanceOf(JinjaException.class)
                .hasMessageContaining(message.strip());
    }

    @Test
    void namesTheLine() {
        assertThatThrownBy(() -> render("a\n{% if true %}\n\n{{ list\n | sort }}{% endif %}"))
                .hasMessage("line 5: filter \"sort\" is not supported");
    }

    @Test
    void tellsNoDateUnlessItIsGiven() {
        JinjaTemplate template = JinjaTemplate.parse("{{ strftime_now is defined }}");
        assertThat(template.render(Map.of(), Optional.empty()).text()).isEqualTo("False");
        assertThat(template.render(Map.of(), Optional.of(NOW)).text()).isEqualTo("True");
    }

    @Test
    void everyCharacterKeepsItsOrigin() {
        Map<String, Value> variables = Map.of("typed", Value.ofMessage("<a> B"));
        assertThat(marked("x{{ typed }}y", variables)).isEqualTo("x|<a> B|y");
        assertThat(marked("{{ 'x' ~ typed[1:3] ~ typed | upper }}", variables)).isEqualTo("x|a><A> B");
        assertThat(marked("{{ typed.replace('a', 'x') }}", variables)).isEqualTo("|<|x|> B");
        assertThat(marked("{{ [typed, 'q'] | tojson }}", variables)).isEqualTo("[\"|<a> B|\", \"q\"]");
        assertThat(marked("{{ (' ' ~ typed ~ ' ') | trim }}", variables)).isEqualTo("|<a> B");
        assertThat(marked("{{ ('x' ~ typed)[::-1] }}", variables)).isEqualTo("|B >a<|x");
        assertThat(marked("{{ typed | length }}{{ typed == '<a> B' }}", variables))
                .isEqualTo("5True");
    }

    private static String marked(String source, Map<String, Value> variables) {
        return JinjaTemplate.parse(source).render(variables, Optional.empty()).toString();
    }

    private static String render(String source) {
        Map<String, Value> map = new LinkedHashMap<>();
        map.put("k", Value.ofMessage("v"));
        map.put("l", new Value.Int(1));
        Map<String, Value> variables = Map.of(
                "text", Value.ofMessage("abcé"),
                "list", new Value.Sequence(List.of(new Value.Int(1), new Value.Int(2), new Value.Int(3))),
                "map", new Value.Mapping(map));
        return JinjaTemplate.parse(source).render(variables, Optional.of(NOW)).text();
    }
}
