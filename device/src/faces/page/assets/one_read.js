// A read that many ask for: those who ask while it runs share one more.

export function oneRead(read) {
  let loading = null;
  return () => {
    if (loading) {
      loading.again = true;
      return loading.done;
    }
    loading = { again: false };
    loading.done = (async () => {
      try {
        do {
          loading.again = false;
          await read();
        } while (loading.again);
      } finally {
        loading = null;
      }
    })();
    return loading.done;
  };
}
