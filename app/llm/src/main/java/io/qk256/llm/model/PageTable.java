package io.qk256.llm.model;

import io.qk256.llm.model.KvCache.Page;
import io.qk256.spi.support.F16Attention;
import java.util.ArrayList;
import java.util.List;

/** The pages of a sequence, in the order of positions. Several threads may read it at once; only one may change it. */
final class PageTable {

    private final KvCache cache;
    private final List<Page> pages = new ArrayList<>();
    private final F16Attention.Pages memory = index -> pages.get(index).memory;

    PageTable(KvCache cache) {
        this.cache = cache;
    }

    /** The memory of the pages, by their index. */
    F16Attention.Pages memory() {
        return memory;
    }

    /** The page of a position. */
    Page page(int position) {
        return pages.get(position / cache.pagePositions());
    }

    /** The number of pages that {@link #reserve} would take. */
    int missing(int from, int to) {
        int last = from / cache.pagePositions();
        boolean copies = last < pages.size() && pages.get(last).holders > 1;
        return Math.max(0, Math.ceilDiv(to, cache.pagePositions()) - pages.size()) + (copies ? 1 : 0);
    }

    /**
     * Makes room for new positions. Copies the page of the first new position if another sequence also holds it.
     *
     * @param from the current number of positions
     * @param to the new number of positions
     */
    void reserve(int from, int to) {
        int last = from / cache.pagePositions();
        if (last < pages.size() && pages.get(last).holders > 1) {
            Page shared = pages.get(last);
            Page own = cache.take();
            own.memory.copyFrom(shared.memory);
            cache.giveBack(shared);
            pages.set(last, own);
        }
        while (pages.size() * cache.pagePositions() < to) {
            pages.add(cache.take());
        }
    }

    /** Returns the pages after the first {@code positions} positions. */
    void shrink(int positions) {
        int needed = Math.ceilDiv(positions, cache.pagePositions());
        while (pages.size() > needed) {
            cache.giveBack(pages.removeLast());
        }
    }

    /** Shares the pages of the first {@code positions} positions of another table. */
    void share(PageTable other, int positions) {
        int needed = Math.ceilDiv(positions, cache.pagePositions());
        for (Page page : other.pages.subList(0, needed)) {
            page.holders++;
            pages.add(page);
        }
    }
}
