import { Equals, IsString, Length } from 'class-validator';
import { AnyText } from './any-text.decorator.js';

/** Bounds of a password (code points); no rules of composition. */
export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;

const EMAIL_MAX = 254;
/** A mailed token: 256 bits, base64url. */
const TOKEN_LENGTH = 43;

/** `POST /registrations` */
export class Register {
  @IsString()
  @Length(3, EMAIL_MAX)
  email!: string;

  @IsString()
  @Length(PASSWORD_MIN, PASSWORD_MAX)
  @AnyText()
  password!: string;
}

/** `POST /sessions`: any password that is short enough to be hashed; only the right one is right. */
export class SignIn {
  @IsString()
  @Length(1, EMAIL_MAX)
  email!: string;

  @IsString()
  @Length(1, PASSWORD_MAX)
  @AnyText()
  password!: string;
}

/** `POST /registrations/confirm`, `POST /email-changes/confirm` */
export class UseToken {
  @IsString()
  @Length(1, 2 * TOKEN_LENGTH)
  token!: string;
}

/** `POST /password-resets` */
export class AskPasswordReset {
  @IsString()
  @Length(3, EMAIL_MAX)
  email!: string;
}

/** `POST /password-resets/confirm` */
export class ConfirmPasswordReset extends UseToken {
  @IsString()
  @Length(PASSWORD_MIN, PASSWORD_MAX)
  @AnyText()
  password!: string;
}

/** `POST /email-changes`: the new address, and the caller's own password. */
export class ChangeEmail extends SignIn {}

/** The answer of all that is decided out of sight: the same bytes whatever comes of it. */
export class Accepted {
  @Equals('accepted')
  status!: 'accepted';
}
