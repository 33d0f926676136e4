import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LoadPage } from './load-page.tsx';
import { LoadReport, readEmbeddedLoad } from './load-report.tsx';

const app = document.getElementById('app');
if (app) {
  const load = readEmbeddedLoad();
  createRoot(app).render(
    <StrictMode>{load === null ? <LoadPage /> : <LoadReport load={load} />}</StrictMode>,
  );
}
