import type { ReactNode } from 'react';

const files = [
  { path: 'stats/requests/csv', title: 'Requests', format: 'CSV', says: 'one row per request name' },
  { path: 'stats/failures/csv', title: 'Failures', format: 'CSV', says: 'one row per kind of failure' },
  {
    path: 'exceptions/csv',
    title: 'Exceptions',
    format: 'CSV',
    says: 'what went wrong outside of requests',
  },
  {
    path: 'stats/requests_full_history/csv',
    title: 'Full history',
    format: 'CSV',
    says: 'every second, one row per request name',
  },
  {
    path: 'stats/requests',
    title: 'Everything',
    format: 'JSON',
    says: 'as Locust gives it, and exact figures with the whole history under gaugeway',
    name: 'requests.json',
  },
  {
    path: 'stats/report?download=1',
    title: 'Report',
    format: 'HTML',
    says: 'tables and charts in one file',
  },
] as const satisfies { path: string; title: string; format: string; says: string; name?: string }[];

/** The files of the last test, or of the one that runs as it is now. */
export function Downloads(): ReactNode {
  return (
    <section aria-labelledby="downloads-title">
      <h2 id="downloads-title">Download data</h2>
      <ul className="downloads">
        {files.map((file) => (
          <li key={file.path}>
            <a href={file.path} download={'name' in file ? file.name : ''}>
              {file.title} ({file.format})
            </a>{' '}
            <span className="muted">{file.says}</span>
          </li>
        ))}
      </ul>
      <p>
        <a href="stats/report">Open the report</a> in the browser.
      </p>
    </section>
  );
}
