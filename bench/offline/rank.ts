/** How often a question's own article is the nearest one. */
export function countFirst(
  articles: readonly (readonly number[])[],
  questions: readonly (readonly number[])[],
): number {
  const near = (left: readonly number[], right: readonly number[]): number =>
    left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
  return questions.filter((question, index) => {
    const scores = articles.map((article) => near(article, question));
    return scores.indexOf(Math.max(...scores)) === index;
  }).length;
}
