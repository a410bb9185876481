package io.qk256.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A wrong request is refused with the field, what was seen, and what is expected; nothing is silently ignored. */
class RequestErrorsTest {

    private static final String CHAT = "/v1/chat/completions";
    private static final String ASK = "'messages':[{'role':'user','content':'Hi'}],'max_tokens':2";

    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
        assertThat(server.log).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            'temperature':-1       | temperature    | -1           | from 0 to 100
            'temperature':'hot'    | temperature    | "hot"        | from 0 to 100
            'temperature':1e999    | temperature    | 1e999        | from 0 to 100
            'top_p':0              | top_p          | 0            | more than 0
            'top_k':1.5            | top_k          | 1.5          | whole number
            'min_p':2              | min_p          | 2            | from 0 to 1
            'n':0                  | n              | 0            | from 1 to 16
            'n':17                 | n              | 17           | from 1 to 16
            'seed':1e300           | seed           | 1e300        | whole number
            'seed':1e99999999999   | seed           | 1e9999       | whole number
            'seed':1e2147483647    | seed           | 1e2147       | whole number
            'seed':1e-2147483647   | seed           | 1e-2147      | whole number
            'seed':1.5             | seed           | 1.5          | whole number
            'seed':9007199254740993.5 | seed        | 9007199254740993.5 | whole number
            'seed':9223372036854775808 | seed       | 9223372036854775808 | from -9223372036854775808 to 9223372036854775807
            'top_k':2147483648     | top_k          | 2147483648   | from 0 to 2147483647
            'stop':['a','']        | stop           | a string of 0 characters | 1 to 1000 characters
            'stop':['a','a','a','a','a','a','a','a','a','a','a','a','a','a','a','a','a'] | stop | 17 strings | at most 16 strings
            'stop':[1]             | stop[0]        | 1            | a string
            'stream':'yes'         | stream         | "yes"        | true or false
            'logit_bias':{'x':1}   | logit_bias     | "x" which is no token | 0 to
            'logit_bias':{'1':1,'01':2} | logit_bias | "01" which is no token | 0 to
            'logit_bias':{'1024':1} | logit_bias    | "1024" which is no token | 0 to 1023
            'logit_bias':[1]       | logit_bias     | an array     | an object
            'top_logprobs':2       | top_logprobs   | 2            | set logprobs
            'max_completion_tokens':3 | max_tokens  | 3            | one of them
            'truncation':'maybe'   | truncation     | "maybe"      | auto or disabled
            'mirostat':2           | mirostat       | mirostat     | leave it out
            'response_format':{'type':'xml'} | response_format.type | "xml" | json_schema
            'response_format':{'type':'json_schema'} | response_format.json_schema | json_schema | is missing
            'response_format':{'type':'json_schema','json_schema':{'schema':{'pattern':'a'}}} | response_format.json_schema.schema | pattern | schema
            'tools':[1]            | tools[0]       | 1            | an object
            'tools':[{'type':'function','function':{'name':'f'}}] | tools | template | no place
            'tools':[{'type':'function','function':{'name':'f'}}],'tool_choice':{'type':'function','function':{'name':'g'}} | tool_choice.function.name | "g" | the name of one of the tools
            'tool_choice':'required' | tool_choice  | no tools     | send some
            'functions':[]         | functions      | an array     | send tools
            'modalities':['audio'] | modalities     | an array     | text
            'reasoning_effort':'low' | reasoning_effort | "low"    | --think
            'stream_options':{'x':1} | stream_options.x | x        | leave it out
            'model':'gpt-5'        | model          | "gpt-5" is not served | 'demo'
            """)
    void aWrongFieldIsNamed(String field, String param, String seen, String expected) {
        HttpResponse<String> response = post("{" + ASK + "," + field + "}");
        JsonObject error = TestServer.error(response);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(param.equals("model") ? 404 : 400);
        assertThat(error.get("type").getAsString()).isEqualTo("invalid_request_error");
        assertThat(error.get("param").getAsString()).isEqualTo(param);
        assertThat(error.get("message").getAsString()).contains(seen.replace("\"\"", "\""), expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                                              | messages             | is missing
            {"messages":[]}                                                 | messages             | is empty
            {"messages":"Hi"}                                               | messages             | an array
            {"messages":[1]}                                                | messages[0]          | an object
            {"messages":[{"content":"Hi"}]}                                 | messages[0].role     | is missing
            {"messages":[{"role":"king","content":"Hi"}]}                   | messages[0].role     | user
            {"messages":[{"role":"tool","content":"Hi"}]}                   | messages[0].tool_call_id | is missing
            {"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"x{"}}]}]} | messages[0].tool_calls[0].function.arguments | JSON
            {"messages":[{"role":"user"}]}                                  | messages[0].content  | is missing
            {"messages":[{"role":"user","content":[{"type":"image_url"}]}]} | messages[0].content[0].type | text
            {"messages":[{"role":"user","content":"Hi","name":"Eve"}]}      | messages[0].name     | leave it out
            """)
    void aWrongMessageIsNamed(String body, String param, String expected) {
        HttpResponse<String> response = server.post(CHAT, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(TestServer.error(response).get("param").getAsString()).isEqualTo(param);
        assertThat(TestServer.error(response).get("message").getAsString()).contains(param, expected);
    }

    private static HttpResponse<String> post(String body) {
        return server.post(CHAT, body.replace('\'', '"'));
    }

    /** A million digits would take many seconds. */
    @Test
    void aVeryLongNumberIsNotRead() {
        HttpResponse<String> response =
                post("{'messages':[{'role':'user','content':'Hi'}],'max_tokens':1,'seed':1." + "0".repeat(200) + "}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(TestServer.error(response).get("message").getAsString()).contains("seed is 1.000", "...");
    }

    /** That a schema allows too many forms is only seen while the answer is computed, here after its first token. */
    @Test
    void aSchemaThatIsTooWideIsRefusedOnTheWay() {
        String wide = IntStream.range(0, 2400)
                .mapToObj(i -> "{'type':'array','minItems':" + i + "}")
                .collect(Collectors.joining(","));
        String ask =
                "{'messages':[{'role':'user','content':'Hi'}],'response_format':{'type':'json_schema','json_schema':{"
                        + "'schema':{'properties':{'x':{'anyOf':[" + wide + "]}},'required':['x']}}}";
        try (TestServer scripted = TestServer.scripted(new Script().answer("Hi", "{\"x\":[1]}"))) {
            HttpResponse<String> whole = scripted.post(CHAT, (ask + "}").replace('\'', '"'));
            assertThat(whole.statusCode()).as(whole.body()).isEqualTo(400);
            assertThat(TestServer.error(whole).get("code").getAsString()).isEqualTo("invalid_value");
            assertThat(TestServer.error(whole).get("message").getAsString()).contains("too many forms");

            HttpResponse<String> stream = scripted.post(CHAT, (ask + ",'stream':true}").replace('\'', '"'));
            assertThat(stream.statusCode()).as(stream.body()).isEqualTo(200);
            assertThat(stream.body()).contains("\"invalid_value\"", "too many forms");
            assertThat(scripted.log).isEmpty();
        }
    }

    /** The answer that the script gives is not JSON, so what computes it throws. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theLogNamesWhatMadeARequestFail(boolean streams) {
        try (TestServer scripted = TestServer.scripted(new Script().answer("Hi", "secret"))) {
            String body =
                    "{'messages':[{'role':'user','content':'Hi'}],'response_format':{'type':'json_object'},'stream':"
                            + streams + "}";
            HttpResponse<String> response = scripted.post(CHAT, body.replace('\'', '"'));
            assertThat(response.statusCode()).as(response.body()).isEqualTo(500);
            assertThat(scripted.log).hasSize(1);
            assertThat(scripted.log.getFirst())
                    .matches(
                            "a request to /v1/chat/completions failed: java\\.lang\\.IllegalStateException at .*Choices.*,"
                                    + " caused by java\\.lang\\.IllegalStateException at .*Script\\$Held\\.allowed.*")
                    .doesNotContain("secret", "breaks the form");
        }
    }

    @Test
    void fieldsThatChangeNoAnswerAreAccepted() {
        HttpResponse<String> response = post("{" + ASK
                + ",'user':'eve','store':true,'metadata':{'a':'b'},'service_tier':'auto','temperature':null,"
                + "'modalities':['text'],'n':1,'prediction':{'type':'content','content':'x'}}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            nonsense     | unexpected character at line 1 column 1
            {bad         | unexpected character at line 1 column 3
            {'a' 1}      | Expected ':' at line 1 column 7
            {'a':'b      | Unterminated string at line 1 column 8
            {'messages': | End of input at line 1 column 13
            {'a':1,}     | Expected name at line 1 column 9
            {'a':NaN}    | unexpected character at line 1 column 6
            {} {}        | unexpected character at line 1 column 5
            [1]          | the body is an array, expected an object
            'Hi'         | the body is "Hi", expected an object
            null         | the body is null, expected an object
            ``           | the body is empty, expected a JSON object with the fields
            ` \t `        | the body is white space only, expected a JSON object with the fields
            """)
    void whatIsNotAJsonObjectIsRefused(String body, String expected) {
        HttpResponse<String> response = post(body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(TestServer.error(response).get("type").getAsString()).isEqualTo("invalid_request_error");
        assertThat(TestServer.error(response).get("message").getAsString()).contains(expected);
    }

    /** Whichever of the two values counted, somebody would expect the other one. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /v1/chat/completions | {'n':1,'messages':[{'role':'user','content':'Hi'}],'n':1} | n | n
            /v1/chat/completions | {'messages':[{'role':'user','content':'Hi','role':'user'}]} | messages[0].role | role
            /v1/chat/completions | {'tools':[{'function':{'parameters':{'type':'object','t\\u0079pe':null}}}]} | tools[0].function.parameters.type | type
            /v1/completions | {'prompt':'a','prompt':'a'} | prompt | prompt
            /v1/embeddings | {'input':'a','input':'a'} | input | input
            /tokenize | {'content':'a','content':'a'} | content | content
            /detokenize | {'tokens':[1],'x':[{'y':{},'y':{}}]} | x[0].y | y
            """)
    void aNameThatIsTwiceInAnObjectIsRefused(String path, String body, String param, String name) {
        HttpResponse<String> response = server.post(path, body.replace('\'', '"'));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        JsonObject error = TestServer.error(response);
        assertThat(error.get("param").getAsString()).isEqualTo(param);
        assertThat(error.get("message").getAsString())
                .isEqualTo("the name \"" + name + "\" is twice in one object, expected once; leave one out");
    }

    @Test
    void aNameMayBeInSeveralObjects() {
        HttpResponse<String> response = post("{'messages':[{'role':'user','content':'Hi'},{'role':'user','content':"
                + "[{'type':'text','text':'a'},{'type':'text','text':'b'}]}],'max_tokens':1}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }

    @Test
    void deepNestingIsRefused() {
        HttpResponse<String> response = post("{'a':".repeat(100_000));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(TestServer.error(response).get("message").getAsString())
                .contains("Nesting limit 64 reached at line 1");
    }

    @Test
    void invalidUtf8IsRefused() {
        HttpRequest request = server.request(CHAT)
                .header("Content-Type", TestServer.JSON)
                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[] {'{', '"', (byte) 0xff, '"', '}'}))
                .build();
        assertThat(TestServer.error(server.send(request)).get("message").getAsString())
                .contains("UTF-8");
    }

    @Test
    void anotherTypeIsRefused() {
        HttpRequest request = server.request(CHAT)
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        assertThat(server.send(request).statusCode()).isEqualTo(415);
    }

    @Test
    void anotherMethodAndAnotherPathAreRefused() {
        assertThat(server.get(CHAT).statusCode()).isEqualTo(405);
        assertThat(server.get(CHAT).headers().firstValue("Allow")).contains("POST");
        assertThat(server.post("/health", "{}").statusCode()).isEqualTo(405);
        assertThat(server.get("/v1/assistants").statusCode()).isEqualTo(404);
        assertThat(server.get("/v1/models/other").statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                    | prompt    | is missing
            {"prompt":[]}                         | prompt    | 1 to 16
            {"prompt":[1,-1]}                     | prompt[1] | whole number
            {"prompt":[[1],["a"]]}                | prompt[1][0] | whole number
            {"prompt":"a","echo":true}            | echo      | false
            {"prompt":"a","best_of":3}            | best_of   | 1
            {"prompt":"a","suffix":"b"}           | suffix    | at their end
            {"prompt":"a","logprobs":21}          | logprobs  | from 0 to 20
            """)
    void aWrongTextIsNamed(String body, String param, String expected) {
        HttpResponse<String> response = server.post("/v1/completions", body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(TestServer.error(response).get("param").getAsString()).isEqualTo(param);
        assertThat(TestServer.error(response).get("message").getAsString()).contains(expected);
    }
}
