package io.qk256.llm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AccountTest {

    /** The sums say that nothing is counted twice or forgotten. */
    @Test
    void partsAddUpAndResultsStayTheSame() {
        for (int threads = 1; threads <= 2; threads++) {
            EngineOptions options = new EngineOptions(threads, 8, 4, CacheType.F16);
            Account account = new Account();
            try (Model model = SyntheticModel.of(EngineEndTest.SMALL, HeadType.INT8, 1);
                    Engine plain = model.engine(Kernels.scalar(), options);
                    Engine measured = model.engine(Kernels.scalar(), options, account)) {
                float[] expected = plain.sequence().prompt(new int[] {1, 2, 3}).clone();

                assertThat(measured.sequence().prompt(new int[] {1, 2, 3})).isEqualTo(expected);
            }
            assertThat(account.tokens()).isEqualTo(3);
            assertThat(account.rest()).isNotNegative();
            assertThat(Arrays.stream(Account.Part.values()))
                    .allSatisfy(part ->
                            assertThat(account.nanos(part)).as("%s", part).isPositive());
            account.reset();
            assertThat(account.tokens() + account.total() + account.waiting() + account.rest())
                    .isZero();
        }
    }
}
