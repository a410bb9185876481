package io.qk256.app.commands;

import com.google.gson.JsonObject;
import io.qk256.app.bench.ModelAccount;
import io.qk256.app.bench.Numbers;
import io.qk256.llm.model.Account;
import java.util.List;

/** Where the time of a token goes, for people and for programs. */
final class AccountReport {

    private AccountReport() {}

    static Table table(List<ModelAccount> accounts) {
        Table table = new Table(
                "computed",
                "kernel",
                "threads",
                "head",
                "ms per token",
                "products",
                "output head",
                "attention",
                "norms etc.",
                "waiting",
                "rest");
        for (ModelAccount row : accounts) {
            Account account = row.account();
            table.add(
                    row.what(),
                    row.kernel(),
                    Integer.toString(row.threads()),
                    row.head(),
                    cell(row, account.total()),
                    cell(row, account.nanos(Account.Part.PRODUCTS)),
                    cell(row, account.nanos(Account.Part.HEAD)),
                    cell(row, account.nanos(Account.Part.ATTENTION)),
                    cell(row, account.nanos(Account.Part.COLUMNS)),
                    cell(row, account.waiting()),
                    cell(row, account.rest()));
        }
        return table;
    }

    private static String cell(ModelAccount row, long nanos) {
        return Numbers.of(row.perToken(nanos));
    }

    static JsonObject json(ModelAccount row) {
        Account account = row.account();
        JsonObject json = new JsonObject();
        json.addProperty("computed", row.what());
        json.addProperty("kernel", Json.bounded(row.kernel()));
        json.addProperty("threads", row.threads());
        json.addProperty("head", row.head());
        json.addProperty("tokens", account.tokens());
        json.addProperty("totalMilliseconds", row.perToken(account.total()));
        json.addProperty("productsMilliseconds", row.perToken(account.nanos(Account.Part.PRODUCTS)));
        json.addProperty("headMilliseconds", row.perToken(account.nanos(Account.Part.HEAD)));
        json.addProperty("attentionMilliseconds", row.perToken(account.nanos(Account.Part.ATTENTION)));
        json.addProperty("columnsMilliseconds", row.perToken(account.nanos(Account.Part.COLUMNS)));
        json.addProperty("waitingMilliseconds", row.perToken(account.waiting()));
        json.addProperty("restMilliseconds", row.perToken(account.rest()));
        return json;
    }
}
