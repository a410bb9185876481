package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.ModelBench;
import io.qk256.app.bench.Numbers;
import io.qk256.app.bench.PromptRow;
import io.qk256.llm.model.Account;
import java.util.List;

/** The speed of long prompts, for people and for programs. */
final class PromptReport {

    private static final double PERCENT = 100;

    private PromptReport() {}

    /** @param shortRates for each row, the rate of a prompt of 64 tokens */
    static Table table(List<PromptRow> rows, List<Double> shortRates) {
        Table table = new Table(
                "prompt",
                "kernel",
                "threads",
                "t/s",
                "of " + ModelBench.PROMPT,
                "attention ms per token",
                "G multiply-adds/s",
                "peak",
                "part");
        for (int i = 0; i < rows.size(); i++) {
            PromptRow row = rows.get(i);
            double rate = row.attentionRate();
            table.add(
                    Integer.toString(row.tokens()),
                    row.account().kernel(),
                    Integer.toString(row.account().threads()),
                    Numbers.of(row.rate()),
                    percent(row.rate() / shortRates.get(i)),
                    Numbers.of(row.account().perToken(row.account().account().nanos(Account.Part.ATTENTION))),
                    Numbers.of(rate / 1e9),
                    row.peak().isPresent() ? Numbers.of(row.peak().getAsDouble() / 1e9) : "unknown",
                    row.peak().isPresent() ? percent(rate / row.peak().getAsDouble()) : "");
        }
        return table;
    }

    private static String percent(double part) {
        return Math.round(PERCENT * part) + " %";
    }

    static JsonObject json(PromptRow row) {
        JsonObject json = new JsonObject();
        json.addProperty("tokens", row.tokens());
        json.addProperty("kernel", Json.bounded(row.account().kernel()));
        json.addProperty("threads", row.account().threads());
        json.addProperty("head", row.account().head());
        json.addProperty("tokensPerSecond", row.rate());
        json.addProperty("attentionMultiplyAddsPerSecond", row.attentionRate());
        row.peak().ifPresent(peak -> json.addProperty("peakMultiplyAddsPerSecond", peak));
        return json;
    }
}
