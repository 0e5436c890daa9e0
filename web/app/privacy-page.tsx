import { useLanguage } from './language.js';
import { Page } from './page.js';

export const PrivacyPage = () => {
  const { t } = useLanguage();
  return (
    <Page title={t.privacy.title} class="narrow">
      <ul class="card prose">
        {t.privacy.points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </Page>
  );
};
