package io.qk256.app.commands;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.qk256.app.check.ProofReport;
import io.qk256.app.check.ProofReport.Check;
import io.qk256.app.check.ProofReport.Failure;
import io.qk256.app.check.ProofReport.Skipped;
import io.qk256.app.check.ProofReport.Speed;
import io.qk256.spi.support.PrintableText;
import java.io.PrintWriter;
import java.util.Locale;

/** Prints the result of a proof, for people and for programs. */
final class CheckReport {

    private static final double GIGA = 1e9;

    private CheckReport() {}

    static void print(String kernel, ProofReport report, PrintWriter out) {
        out.println();
        Table table = new Table(
                "checked",
                "",
                "weights",
                "int8 products",
                "f32 products",
                "largest f32 error",
                "of the bound",
                "result");
        for (Check check : report.groups()) {
            row(table, check.group(), check);
        }
        row(table, "total", report.total());
        out.println(table);
        for (Failure failure : report.total().failures()) {
            out.println("wrong     " + PrintableText.line(failure.toString()));
        }
        for (Skipped skipped : report.skipped()) {
            out.println("skipped   " + Plural.of(skipped.tensors(), "tensor") + " of type " + skipped.type() + ": "
                    + PrintableText.line(skipped.why()));
        }
        report.speed().ifPresent(speed -> out.println("speed     " + describe(speed)));
        out.println("result    " + conclusion(kernel, report));
        out.flush();
    }

    private static void row(Table table, String group, Check check) {
        table.add(
                group,
                check.what(),
                count(check.weights()),
                count(check.exactProducts()),
                count(check.boundedProducts()),
                String.format(Locale.ROOT, "%.1e", check.largestError()),
                String.format(Locale.ROOT, "%.1f %%", 100 * check.largestErrorOfBound()),
                check.passed() ? "right" : count(check.wrong()) + " wrong");
    }

    private static String describe(Speed speed) {
        return String.format(
                Locale.ROOT,
                "%.1f G weights/s dequantized, %.1f in f32 GEMV, %.1f in int8 GEMV (%s; one thread, rough)",
                speed.dequantize() / GIGA,
                speed.gemvF32() / GIGA,
                speed.gemvI8() / GIGA,
                speed.what());
    }

    private static String conclusion(String kernel, ProofReport report) {
        Check total = report.total();
        long products = total.exactProducts() + total.boundedProducts();
        return report.passed()
                ? kernel + " is right: " + count(total.weights()) + " weights and " + count(products)
                        + " dot products checked"
                : kernel + " is WRONG in " + count(total.wrong()) + " of " + count(total.weights() + products)
                        + " comparisons: do not use it";
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    static void printJson(String kernel, ProofReport report, PrintWriter out) {
        JsonObject root = new JsonObject();
        root.addProperty("kernel", Json.bounded(kernel));
        root.addProperty("passed", report.passed());
        root.addProperty("seed", report.seed());
        root.add("total", json("total", report.total()));
        JsonArray checks = new JsonArray();
        report.checks().forEach(check -> checks.add(json(check.what(), check)));
        root.add("checks", checks);
        JsonArray skipped = new JsonArray();
        for (Skipped some : report.skipped()) {
            JsonObject object = new JsonObject();
            object.addProperty("type", some.type());
            object.addProperty("tensors", some.tensors());
            object.addProperty("why", some.why());
            skipped.add(object);
        }
        root.add("skipped", skipped);
        report.speed().ifPresent(speed -> {
            JsonObject object = new JsonObject();
            object.addProperty("matrix", speed.what());
            object.addProperty("dequantizeWeightsPerSecond", speed.dequantize());
            object.addProperty("gemvF32WeightsPerSecond", speed.gemvF32());
            object.addProperty("gemvI8WeightsPerSecond", speed.gemvI8());
            root.add("roughSpeed", object);
        });
        Json.print(root, out);
    }

    private static JsonObject json(String what, Check check) {
        JsonObject object = new JsonObject();
        object.addProperty("group", check.group());
        object.addProperty("what", what);
        object.addProperty("weights", check.weights());
        object.addProperty("int8Products", check.exactProducts());
        object.addProperty("f32Products", check.boundedProducts());
        object.addProperty("largestF32Error", check.largestError());
        object.addProperty("largestF32ErrorOfBound", check.largestErrorOfBound());
        object.addProperty("wrong", check.wrong());
        JsonArray failures = new JsonArray();
        check.failures().forEach(failure -> failures.add(Json.bounded(failure.toString())));
        object.add("failures", failures);
        return object;
    }
}
