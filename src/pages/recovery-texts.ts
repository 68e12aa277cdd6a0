/** The texts for users who cannot sign in: of the pages, and of the mails. */
import type { Language, Texts } from './texts.js';

export const recoveryTexts: Readonly<Record<Language, Pick<Texts, 'forgotten' | 'mails'>>> = {
  en: {
    forgotten: {
      title: 'Forgot your password?',
      text: 'We send you a mail with a link, by which you choose a new one.',
      who: 'Username or email address',
      submit: 'Send the mail',
      sent: {
        title: 'Look into your mail',
        text: 'If there is an account of that name with an email address, a mail is on its way to it. It may take some minutes; if our mail server is away, it comes as soon as that is back. Look among the spam, too. The link in it works once, for 30 minutes.',
      },
      choose: 'Choose a new password',
      forUser: (user) => ['For ', user, '. Signs you out everywhere, and ends the access of all applications.'],
      save: 'Save the password',
      expired: {
        title: 'This link does not work any more',
        text: 'It has been used, or is older than 30 minutes, or the password was changed since. Ask for a new mail.',
      },
      again: 'Send a new mail',
    },
    mails: {
      within: 'The link works once, for 30 minutes, on any device.',
      reset: {
        subject: (brand) => `A new password for ${brand}`,
        intro: (brand, username) =>
          `Somebody, probably you, has forgotten the password of the account ${username} at ${brand}. Choose a new one:`,
        action: 'Choose a new password',
        otherwise: 'If it was not you, there is nothing to do: the password stays as it is.',
      },
    },
  },
  'zh-Hant': {
    forgotten: {
      title: '忘記密碼？',
      text: '我們會寄一封電子郵件給您，您可以用其中的連結設定新密碼。',
      who: '使用者名稱或電子郵件地址',
      submit: '寄送郵件',
      sent: {
        title: '請查看您的電子郵件',
        text: '如果有這個帳號，而且帳號有電子郵件地址，郵件就會寄到該地址。可能需要幾分鐘；如果我們的郵件伺服器暫時無法使用，恢復後會立即寄出。也請查看垃圾郵件匣。郵件中的連結只能使用一次，有效時間為 30 分鐘。',
      },
      choose: '設定新密碼',
      forUser: (user) => ['帳號：', user, '。設定後會在所有裝置上登出，並終止所有應用程式的存取權。'],
      save: '儲存密碼',
      expired: {
        title: '這個連結已經失效',
        text: '連結已經使用過、已經超過 30 分鐘，或是密碼在那之後已經變更。請重新要求寄送郵件。',
      },
      again: '重新寄送郵件',
    },
    mails: {
      within: '這個連結只能使用一次，有效時間為 30 分鐘，可以在任何裝置上開啟。',
      reset: {
        subject: (brand) => `設定 ${brand} 的新密碼`,
        intro: (brand, username) => `有人（可能是您）忘記了 ${brand} 帳號 ${username} 的密碼。請設定新密碼：`,
        action: '設定新密碼',
        otherwise: '如果不是您本人要求的，不需要做任何事：密碼不會改變。',
      },
    },
  },
};
