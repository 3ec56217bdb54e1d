/* A library with one function more, which panics: no panic crosses. */
#include "check.h"

extern enum bindnet_result bindnet_test_panic(void);

int main(void)
{
    struct bindnet_selector *made;

    REFUSES(PANIC, bindnet_test_panic(), "panicked");
    /* And once more: nothing is left locked or poisoned. */
    REFUSES(PANIC, bindnet_test_panic(), "a bug of bindnet");
    made = selector("192.0.2.0");
    bindnet_selector_free(made);
    return 0;
}
