import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { readEmbeddedRun } from './read-embedded-run.ts';
import { ReportPage } from './report-page.tsx';

const app = document.getElementById('app');
if (app) {
  try {
    const run = readEmbeddedRun();
    createRoot(app).render(
      <StrictMode>
        <ReportPage {...run} />
      </StrictMode>,
    );
  } catch (error) {
    app.textContent = error instanceof Error ? error.message : String(error);
  }
}
