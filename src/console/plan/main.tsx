import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { ExplainDocument } from '../../lab/look/pg/explain.ts';
import { PlanPage } from './plan-page.tsx';

const app = document.getElementById('app');
if (app) {
  const text = document.getElementById('plan-data')?.textContent ?? '';
  if (text.trim() === '') {
    app.textContent =
      'This page holds no plan: it is the page itself, without what pg explain writes into it.';
  } else {
    // Written for this very page (lab/plan/write-plan-page.ts), so its shape is known.
    const explained: ExplainDocument = JSON.parse(text);
    createRoot(app).render(
      <StrictMode>
        <PlanPage explained={explained} />
      </StrictMode>,
    );
  }
}
