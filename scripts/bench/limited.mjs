// Many actions, so many of them at once.
export async function limited(count, atOnce, action) {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      await action(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
